// attack: memory through SharedArrayBuffer, which another allocator may serve
// expect: exhausted memory | failed exception ReferenceError
// because: a guest without threads may leave it out
const held = [];
for (;;) held.push(new SharedArrayBuffer(16 << 20));
