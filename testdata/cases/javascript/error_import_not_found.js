// error: Error: Cannot find module './nope.js'...
// status: failed

import x from './nope.js';
console.log(x);
