// stdout: 1 2
// result: 3

const one = await Promise.resolve(1);
const fs = require('fs');
console.log(one, await new Promise((r) => setTimeout(r, 2, 2)));
one + 2;
