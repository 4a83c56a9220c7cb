function* numbers(n) {
  for (let i = 0; i < n; i++) {
    yield i;
  }
}
async function child(x) {
  await null;
  return x + 1;
}
const listed = [...numbers(2)];
const both = await Promise.all([child(1), child(2)]);
both.length
