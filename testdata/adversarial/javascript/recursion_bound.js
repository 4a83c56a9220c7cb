// attack: a function bound 300,000 times over
// expect: failed exception | completed | exhausted memory
// because: the engine may unwrap the chain in a loop; the name of a bound function grows with each step, all of them together beyond the limit
// limits: fuel=4G memory=256MiB
let f = () => 1;
for (let i = 0; i < 300000; i++) f = f.bind(null);
f();
