// attack: a string that doubles
// expect: exhausted memory
let s = 'x';
for (;;) s += s;
