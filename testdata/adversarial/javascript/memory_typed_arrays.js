// attack: typed arrays without end
// expect: exhausted memory
const held = [];
for (;;) held.push(new Float64Array(1 << 20));
