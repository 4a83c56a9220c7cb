// attack: a map that only grows
// expect: exhausted memory
// limits: memory=64MiB fuel=4G
const m = new Map();
for (let i = 0; ; i++) m.set(i, { i });
