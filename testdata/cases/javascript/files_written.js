// wrote: /work/out/r.txt
// result: "hello"

const fs = require('fs');
fs.mkdirSync('out');
fs.writeFileSync('out/r.txt', 'hello');
fs.readFileSync('/work/out/r.txt', 'utf8');
