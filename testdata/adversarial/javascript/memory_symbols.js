// attack: a million properties and registered symbols, which are never collected
// expect: exhausted memory
// limits: memory=64MiB fuel=4G
const o = {};
for (let i = 0; ; i++) { o[`key${i}`] = i; o[Symbol.for(`symbol${i}`)] = i; }
