// stdout: true 1

let ticks = 0;
const timer = setInterval(() => ticks++, 1);
const value = await tools.slow({ n: 1 });
clearInterval(timer);
console.log(ticks > 2, value);
