// attack: errors that are each other's cause
// expect: failed exception Error
const a = new Error('a'), b = new Error('b', { cause: a });
a.cause = b;
throw a;
