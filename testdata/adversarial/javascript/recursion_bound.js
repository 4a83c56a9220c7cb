// attack: a function bound 300,000 times over
// expect: failed exception | completed
// because: the engine may unwrap the chain in a loop
let f = () => 1;
for (let i = 0; i < 300000; i++) f = f.bind(null);
f();
