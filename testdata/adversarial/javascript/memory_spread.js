// attack: spread an iterator that never ends
// expect: exhausted memory
function* g() { for (;;) yield { x: 1 }; }
[...g()];
