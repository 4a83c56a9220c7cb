function fact(n) {
  return n * fact(n - 1);
}

console.log(fact(5));
