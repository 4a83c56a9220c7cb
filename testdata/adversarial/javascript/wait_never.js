// attack: wait for a promise that nobody settles
// expect: failed exception
await new Promise(() => {});
