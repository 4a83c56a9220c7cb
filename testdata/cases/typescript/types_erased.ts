// stdout: 3 [ 'a', 'b' ]

interface Pair<T> { left: T; right: T }
type Names = readonly string[];
function add<T extends number>(p: Pair<T>): number {
  return p.left + p.right;
}
const names: Names = ['a', 'b'] as const;
console.log(add({ left: 1, right: 2 } satisfies Pair<number>), names);
