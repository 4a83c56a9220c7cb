// attack: data of a gigabyte
// expect: error | stopped | module

const p = memory.data(1500000000);
console.log(load<u8>(p).toString());
