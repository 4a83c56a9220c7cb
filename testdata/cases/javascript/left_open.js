// stdout: end
// wrote: /work/a.txt
// A stream that nobody ended has written all the same.
const fs = require('fs');
const out = fs.createWriteStream('/work/a.txt');
out.write('text');
process.on('exit', () => console.log(fs.readFileSync('/work/a.txt', 'utf8') === 'text' ? 'end' : 'lost'));
