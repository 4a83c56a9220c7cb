// attack: replace Function.prototype.call and apply by ones that swallow what they are given
// expect: failed exception Error
const error = new Error('the truth');
Function.prototype.call = Function.prototype.apply = Function.prototype.bind = Reflect.apply = function () { return undefined; };
throw error;
