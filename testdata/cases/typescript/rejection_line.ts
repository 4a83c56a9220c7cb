async function load(id: number): Promise<string> {
  if (id > 1) {
    throw new RangeError(`no ${id}`); // error: RangeError: no 2
  }
  return `item ${id}`;
}

async function main(): Promise<void> {
  const all: string[] = [];
  for (const id of [1, 2, 3]) all.push(await load(id));
}
main();
