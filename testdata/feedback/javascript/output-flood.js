// output: 4KiB
for (let number = 0; number < 100000; number++) {
  console.log('row', number);
}
