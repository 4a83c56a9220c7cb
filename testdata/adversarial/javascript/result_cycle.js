// attack: a result that contains itself
// expect: completed
const a = [];
const m = new Map([[a, a]]);
a.push(a, m, new Set([m]));
a;
