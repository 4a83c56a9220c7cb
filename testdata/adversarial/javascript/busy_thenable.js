// attack: a thenable that resolves to itself: no promise ever settles and the queue is never empty
// expect: exhausted fuel
const t = { then(resolve) { resolve(t); } };
await t;
