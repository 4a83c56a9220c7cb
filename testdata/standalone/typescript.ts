// A program in a language that is translated: an error must name the lines that stand here.
import { readFileSync } from 'fs';

interface Item {
  name: string;
  price: number;
}

enum Colour {
  Red = 'red',
}

function dearest<T extends Item>(items: T[]): T {
  return items.reduce((a, b) => (a.price >= b.price ? a : b));
}

const items: Item[] = [
  { name: 'washer', price: 0.5 },
  { name: 'bolt', price: 1.25 },
];
if (process.argv[2] === 'uncaught') {
  type Never = string;
  const found: Never | undefined = undefined as Never | undefined;
  console.log(found!.length);
}
console.log(dearest(items).name, Colour.Red, readFileSync(0, 'utf8').length);
