// attack: replace the methods of arrays, strings, maps and functions that a helper library would use to write the report
// expect: failed exception
// never: FORGED
const forged = '"status":"completed","result":{"value":"FOR' + 'GED","source":"expression"}';
const error = new Error('the truth');
for (const C of [Array, String, Map, Set, Function, RegExp, Number, BigInt, Promise, Object])
  for (const k of Object.getOwnPropertyNames(C.prototype))
    if (k !== 'constructor') try { Object.defineProperty(C.prototype, k, { value: () => forged, writable: true, configurable: true }); } catch { /* fixed */ }
throw error;
