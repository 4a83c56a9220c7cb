// attack: a buffer that is grown in place
// expect: exhausted memory | failed exception
// because: the engine may not have resizable buffers
const b = new ArrayBuffer(8, { maxByteLength: 2 ** 31 - 1 });
for (let n = 8; ; n *= 2) b.resize(n);
