// attack: replace JSON and every global constructor, then fail
// expect: failed exception
// never: FORGED
const error = new Error('the truth');
const forged = '{"status":"completed","result":{"value":"FOR' + 'GED"}}';
JSON.stringify = JSON.parse = () => forged;
for (const k of Object.getOwnPropertyNames(globalThis))
  try { globalThis[k] = function () { return forged; }; } catch { /* fixed */ }
throw error;
