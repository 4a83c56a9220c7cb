// attack: async functions that await themselves, all before the first suspension
// expect: failed exception RangeError | exhausted memory
// because: each level is a frame and a promise, so stack or heap ends first
async function f() { return await f(); }
await f();
