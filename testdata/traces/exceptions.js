class Odd extends RangeError {}
function check(n) {
  if (n % 2) throw new Odd(`odd ${n}`);
  return n;
}
function safe(n) {
  try {
    return check(n);
  } catch (e) {
    n = -1;
    return n;
  } finally {
    n = -2;
  }
}
safe(2);
safe(3);
check(1);
