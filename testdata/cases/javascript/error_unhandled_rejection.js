async function load() {
  throw new Error('lost'); // error: Error: lost
}
load();
setTimeout(() => console.log('not reached'), 50);
