// attack: one precise patch: what joins the pieces of a report
// expect: failed exception Error
// never: FORGED
const forged = () => '"status":"completed","result":{"value":"FOR' + 'GED","source":"expression"}';
Array.prototype.join = forged;
throw new Error('the truth');
