// attack: a million empty files
// expect: exhausted storage
// limits: fuel=4G storage=1MiB
import fs from 'fs';
for (let i = 0; ; i++) fs.writeFileSync(`f${i}`, '');
