// attack: an array of four billion holes, searched one by one
// expect: exhausted fuel
const a = [];
a[2 ** 32 - 2] = 1;
a.indexOf(2);
