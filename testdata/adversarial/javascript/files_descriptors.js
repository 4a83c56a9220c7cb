// attack: open a file without ever closing it
// expect: failed exception Error | exhausted storage | exhausted memory
// because: a table of descriptors has a size (EMFILE); where it has none, its memory is counted
import fs from 'fs';
for (;;) fs.openSync('f', 'w');
