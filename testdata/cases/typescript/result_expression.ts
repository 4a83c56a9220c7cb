// result: {"a": [1, "x"]}

type Item = number | string;
const items: Item[] = [1, 'x'];
({ a: items } as Record<string, Item[]>);
