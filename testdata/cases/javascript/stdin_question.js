// stdin: Ann
// stdin: 30
// stdout: name? age? Ann is 30

const rl = require('readline/promises').createInterface({ input: process.stdin, output: process.stdout });
const name = await rl.question('name? ');
const age = await rl.question('age? ');
rl.close();
console.log(`${name} is ${age}`);
