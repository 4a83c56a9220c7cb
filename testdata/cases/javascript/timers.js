// stdout: interval 1
// stdout: interval 2
// stdout: interval 3
// stdout: args 1 2
// stdout: slept true

const started = Date.now();
let n = 0;
const t = setInterval(() => {
  console.log('interval', ++n);
  if (n === 3) clearInterval(t);
}, 5);
setTimeout((a, b) => console.log('args', a, b), 60, 1, 2);
const never = setTimeout(() => console.log('never'), 20);
clearTimeout(never);
setTimeout(() => console.log('slept', Date.now() - started >= 79), 80);
