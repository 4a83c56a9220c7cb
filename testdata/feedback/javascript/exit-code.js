function main() {
  console.log('nothing to do');
  process.exit(3);
}

main();
