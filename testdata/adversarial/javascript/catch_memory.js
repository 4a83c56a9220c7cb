// attack: treat running out of memory as weather
// expect: exhausted memory
const held = [];
for (;;) { try { held.push(new Uint8Array(16 << 20)); } catch { held.push([]); } }
