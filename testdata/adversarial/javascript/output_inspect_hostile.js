// attack: print objects whose getters, proxies and inspection hooks never return
// expect: exhausted fuel
const loop = () => { for (;;); };
console.log(new Proxy({}, { ownKeys: loop, get: loop, has: loop, getPrototypeOf: loop }));
console.log({ [Symbol.for('nodejs.util.inspect.custom')]: loop });
loop();
