// attack: data of four gigabytes
// expect: error | stopped | module

const p = memory.data(4000000000);
console.log(p.toString());
