// stderr: ^
// stderr: RangeError: too big

class Big extends RangeError {}
function check(n) {
  if (n > 1) throw new RangeError(`too big`); // error: RangeError: too big
}
[1, 2].forEach(check);
