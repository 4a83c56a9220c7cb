// stderr: [cause]: TypeError: inner

try {
  throw new TypeError('inner');
} catch (e) {
  throw new Error('outer', { cause: e }); // error: Error: outer
}
