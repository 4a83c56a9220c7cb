// attack: a result nested 100,000 deep
// expect: completed
let x = [];
for (let i = 0; i < 100000; i++) x = [x];
x;
