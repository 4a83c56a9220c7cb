// stdout: 0
// stdout: 1
// stdout: 2
// stdout: p
// stdout: q

async function* count(n) { for (let i = 0; i < n; i++) { await null; yield i; } }
(async () => {
  for await (const x of count(3)) console.log(x);
  for await (const x of [Promise.resolve('p'), 'q']) console.log(x);
})();
