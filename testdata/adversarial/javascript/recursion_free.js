// attack: the release of a list nested 300,000 deep
// expect: completed
// limits: fuel=4G memory=256MiB
// result: "alive"
let x = null;
for (let i = 0; i < 300000; i++) x = { next: x };
x = undefined;
'alive';
