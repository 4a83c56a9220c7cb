// attack: one byte at a time
// expect: exhausted output
// limits: output=16KiB
for (;;) process.stdout.write('.');
