// stdin: one
// stdin: two
// stdout: [ 'one', 'two' ]

const text = require('fs').readFileSync(0, 'utf8');
console.log(text.trim().split('\n'));
