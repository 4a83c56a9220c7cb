// stdout: [ 'a', 'b', 'c' ]
// stdout: fast
// stdout: [
// stdout:   { status: 'fulfilled', value: 'RangeError' },
// stdout:   { status: 'fulfilled', value: 1 }
// stdout: ]
// stdout: ok
// stdout: AggregateError [ 1 ]

const sleep = (ms, v) => new Promise((r) => setTimeout(r, ms, v));
(async () => {
  console.log(await Promise.all([sleep(9, 'a'), sleep(1, 'b'), 'c']));
  console.log(await Promise.race([sleep(30, 'slow'), sleep(1, 'fast')]));
  console.log(await Promise.allSettled([Promise.reject(new RangeError('no')).catch((e) => e.name), Promise.resolve(1)]));
  console.log(await Promise.any([Promise.reject(1), sleep(1, 'ok')]));
  try { await Promise.any([Promise.reject(1)]); } catch (e) { console.log(e.constructor.name, e.errors); }
})();
