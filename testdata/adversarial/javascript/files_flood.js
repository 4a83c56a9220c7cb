// attack: files until there is no more room
// expect: exhausted storage
import fs from 'fs';
for (let i = 0; ; i++) fs.writeFileSync(`f${i}`, new Uint8Array(1 << 20));
