// attack: a proxy that is its own prototype chain's handler
// expect: failed exception RangeError
const handler = {};
const p = new Proxy({}, handler);
Object.setPrototypeOf(handler, p);
p.x;
