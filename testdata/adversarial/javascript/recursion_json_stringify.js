// attack: serialise what is nested deeper than the stack
// expect: failed exception | completed | exhausted fuel
// because: the engine may refuse the depth, write it all, or look for cycles in quadratic time
// limits: fuel=4G
let x = [];
for (let i = 0; i < 200000; i++) x = [x];
JSON.stringify(x).length;
