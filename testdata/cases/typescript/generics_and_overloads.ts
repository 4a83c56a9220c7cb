// stdout: [ 2, 4 ] Map(2) { 'a' => 1, 'b' => 2 } number

function twice(x: number): number;
function twice(x: number[]): number[];
function twice(x: any): any {
  return Array.isArray(x) ? x.map((v) => v * 2) : x * 2;
}
class Box<K extends string, V> {
  #m = new Map<K, V>();
  set(k: K, v: V) {
    this.#m.set(k, v);
    return this;
  }
  get all(): ReadonlyMap<K, V> {
    return this.#m;
  }
}
console.log(twice([1, 2]), new Box<'a' | 'b', number>().set('a', 1).set('b', 2).all, typeof twice(1));
