// stdout: true

let over = false;
setTimeout(() => { over = true; }, 5);
let n = 0;
while (!over && n < 900) {
  await tools.search('x');
  n++;
}
console.log(over || n === 900);
