// stdin: a
// stdin: b
// stdout: A
// stdout: B

const rl = require('readline').createInterface({ input: process.stdin });
for await (const line of rl) console.log(line.toUpperCase());
