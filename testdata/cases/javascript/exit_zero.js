// exit: 0
// stdout: one

(async () => {
  await null;
  console.log('one');
  process.exit();
})().then(() => console.log('two'));
setTimeout(() => console.log('three'), 5);
