// attack: clone what is nested deeper than the stack
// expect: failed exception | completed
// because: a clone with its own stack copies it all
// limits: fuel=4G
let x = [];
for (let i = 0; i < 200000; i++) x = [x];
structuredClone(x).length;
