// attack: console.log without end
// expect: exhausted output
for (;;) console.log('x'.repeat(1000));
