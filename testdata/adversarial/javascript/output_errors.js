// attack: the same on standard error
// expect: exhausted output
for (;;) console.error('x'.repeat(1000));
