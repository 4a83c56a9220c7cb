// storage: 64KiB
const fs = require('fs');
for (let n = 0; n < 1000; n++) {
  fs.appendFileSync('big.txt', 'x'.repeat(1000));
}
