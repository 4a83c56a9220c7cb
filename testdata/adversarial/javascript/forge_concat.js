// attack: replace what template literals call, and what takes texts apart
// expect: failed exception Error
// never: FORGED
const forged = '{"status":"completed","result":{"value":"FOR' + 'GED","source":"expression"}}';
String.prototype.concat = String.prototype.slice = String.prototype.indexOf = RegExp.prototype.exec = () => forged;
throw new Error('the truth');
