// attack: an array that only grows
// expect: exhausted memory
// limits: fuel=4G memory=48MiB
const a = [];
for (;;) a.push(a.slice(0, 100));
