// stdout: RangeError RangeError

let deep = [];
for (let i = 0; i < 20000; i++) deep = [deep];
const name = (f) => { try { f(); } catch (e) { return e.name; } };
console.log(name(() => JSON.stringify(deep)), name(() => structuredClone(deep)));
