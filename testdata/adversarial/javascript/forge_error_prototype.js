// attack: make errors unrecognisable: no prototype, a lying instanceof, names that raise
// expect: failed exception
const error = new TypeError('the truth');
Object.setPrototypeOf(error, null);
Object.defineProperty(Error, Symbol.hasInstance, { value: () => { throw 1; } });
Object.defineProperty(TypeError.prototype, 'name', { get() { throw 1; } });
throw error;
