// attack: as many events as fuel can buy, from recursion, generators and exceptions
// expect: exhausted fuel
function* gen() { while (true) yield 1; }
function down(n) {
  if (n) return down(n - 1);
  throw new RangeError(n);
}
for (const v of gen()) {
  try {
    down(500);
  } catch {
  }
}
