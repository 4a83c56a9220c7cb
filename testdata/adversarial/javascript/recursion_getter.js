// attack: a getter that gets itself
// expect: failed exception RangeError
const o = { get x() { return this.x; } };
o.x;
