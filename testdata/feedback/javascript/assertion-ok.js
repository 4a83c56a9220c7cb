const assert = require('assert');
const total = 7;
const wanted = 8;
assert(total === wanted);
