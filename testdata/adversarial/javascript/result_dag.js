// attack: a small result that is exponentially large when written out
// expect: completed | exhausted fuel | exhausted memory
// because: the guest may stop writing at result_bytes, or a limit stops it; never anything else
let x = ['leaf'];
for (let i = 0; i < 60; i++) x = [x, x];
x;
