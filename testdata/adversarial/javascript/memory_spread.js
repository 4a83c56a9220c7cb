// attack: spread an iterator that never ends
// expect: exhausted memory
// limits: fuel=4G
function* g() { for (;;) yield { x: 1 }; }
[...g()];
