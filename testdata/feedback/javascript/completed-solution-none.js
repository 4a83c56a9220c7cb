function solution() {
  const total = [1, 2].reduce((a, b) => a + b);
}
