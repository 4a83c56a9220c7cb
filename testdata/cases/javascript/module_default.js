// result: {"v": 3}
// stdout: module

import { join } from 'node:path';
const v = await Promise.resolve(3);
console.log('module');
if (join('a', 'b') !== 'a/b') throw new Error('join');
export default { v };
