// stdout: 1500
// stdout: RangeError true
// stdout: true

function down(n) { return n === 0 ? 0 : 1 + down(n - 1); }
console.log(down(1500));
let depth = 0;
function forever() { depth++; forever(); }
try { forever(); } catch (e) { console.log(e.name, depth > 1500); }
const nested = (a) => [a].map(nested);
try { nested(1); } catch (e) { console.log(e instanceof RangeError); }
