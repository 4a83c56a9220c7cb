import type { A } from './types';
import { unused } from './nowhere';

interface Point { x: number; y?: number }
type Pair<T> = [T, T];

enum Colour { Red = 1, Green }

namespace Geometry {
  export const origin: Point = { x: 0 };
}

abstract class Shape {
  constructor(private readonly name: string, public size = 1) {}
  abstract area(): number;
  get label(): string { return `${this.name} größe`; }
}

class Square extends Shape {
  area(): number { return this.size ** 2; }
}

function swap<T>(pair: Pair<T>): Pair<T> {
  const [a, b] = pair as Pair<T>;
  return [b, a];
}

const s = new Square('🙂', 3); const total: number = fails(s); //= fails
const value = <T,>(x: T): T => x;
let maybe: string | undefined;
console.log(maybe!.length, s.area() satisfies number, Colour.Green);
await Promise.resolve(1);
for await (const z of [1, 2]) { console.log(z) }
if (1 as any as number / 2 > 1 && /`[/]'/.test('x')) throw new Error('x'); //= Error
export {};
swap([1, 2])
