// attack: serialise what is nested deeper than the stack
// expect: failed exception | completed
// because: the engine may refuse the depth or write it all
let x = [];
for (let i = 0; i < 200000; i++) x = [x];
JSON.stringify(x).length;
