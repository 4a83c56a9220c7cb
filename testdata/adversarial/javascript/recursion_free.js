// attack: the release of a list nested a million deep
// expect: completed
// result: "alive"
let x = null;
for (let i = 0; i < 1000000; i++) x = { next: x };
x = undefined;
'alive';
