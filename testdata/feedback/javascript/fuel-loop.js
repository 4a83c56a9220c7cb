// fuel: 60M
function steps(n) {
  while (n !== 1) n = n % 2 === 0 ? n / 2 : Math.floor((n * 3 - 1) / 2) * 2;
  return n;
}

console.log('steps:', steps(7));
