// stdin: 3
// stdin: 4
// stdout: line 3
// stdout: line 4
// stdout: sum 7

const rl = require('readline').createInterface({ input: process.stdin });
let sum = 0;
rl.on('line', (l) => { console.log('line', l); sum += Number(l); });
rl.on('close', () => console.log('sum', sum));
