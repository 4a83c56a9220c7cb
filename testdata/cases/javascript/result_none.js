// result: none
// stdout: 3

for (let i = 0; i < 3; i++) { i * 2; }
let x = 1;
x = 3;
console.log(x);
