// attack: throw what is no object at all
// expect: failed exception
await Promise.reject(undefined);
