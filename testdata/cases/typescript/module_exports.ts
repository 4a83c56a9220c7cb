// result: {"total": 6}
// stdout: 6

import { strictEqual } from 'node:assert';

export function sum(...n: number[]): number {
  return n.reduce((a: number, b: number): number => a + b, 0);
}
strictEqual(sum(1, 2, 3), 6);
console.log(sum(1, 2, 3));
export default { total: sum(1, 2, 3) };
