// fuel: 60M
function steps(n) {
  let count = 0;
  while (n !== 1) {
    n = n % 2 === 0 ? n / 2 : Math.floor((n * 3 - 1) / 2) * 2;
    count += 1;
  }
  return count;
}

console.log('steps:', steps(7));
