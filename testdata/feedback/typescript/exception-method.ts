interface Item {
  label: string;
  price: number;
}

function labels(items: Item[]): string {
  return items.map((item: Item): string => item.label).joinn(', ');
}

const items: Item[] = [{ label: 'pen', price: 2 }];
console.log(labels(items));
