interface Item {
  name: string;
  price: number;
}

type Total = number;

function total(items: Item[]): Total {
  let sum: Total = 0;
  for (const item of items) {
    sum += item.price;
  }
  return sum;
}

enum Colour {
  Red,
  Green,
}

const result = total([{ name: 'a', price: 2 }, { name: 'b', price: 3 }]);
const colour: Colour = Colour.Green;
