// attack: replace Promise.prototype.then, by which the end of the program is noticed
// expect: failed exception Error
const error = new Error('the truth');
Promise.prototype.then = Promise.prototype.catch = Promise.prototype.finally = function () { return this; };
Promise.resolve = Promise.reject = () => ({});
await null;
throw error;
