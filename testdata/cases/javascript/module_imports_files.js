// file: lib.mjs: export const twice = (x) => 2 * x; export default 'lib';
// file: data.json: {"n": 4}
// file: old.cjs: module.exports = { seven: 7 };
// stdout: lib 8 7 8

import name, { twice } from './lib.mjs';
import data from './data.json' with { type: 'json' };
import { seven } from './old.cjs';
const again = await import('./lib.mjs');
console.log(name, twice(data.n), seven, again.twice(4));
