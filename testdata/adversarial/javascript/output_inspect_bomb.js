// attack: print an object that is exponentially large when written out
// expect: completed | exhausted output | exhausted fuel | exhausted memory
// because: console.log writes a few levels only; with all of them a limit is met
let x = { leaf: 1 };
for (let i = 0; i < 60; i++) x = { a: x, b: x };
console.log(x);
console.dir(x, { depth: null });
