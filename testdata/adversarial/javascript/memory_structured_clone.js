// attack: clones of a large buffer, kept
// expect: exhausted memory
const held = [new Uint8Array(8 << 20)];
for (;;) held.push(structuredClone(held[0]));
