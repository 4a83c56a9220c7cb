// stdout: b.txt true

const path = require('path');
import fs = require('fs');
const p: string = path.basename('/a/b.txt');
console.log(p, typeof fs.readFileSync === 'function');
