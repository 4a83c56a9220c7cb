// error: Error: the top-level await never settles...
// stdout: waiting

console.log('waiting');
await new Promise(() => {});
