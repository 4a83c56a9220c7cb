function factorial(n) {
  if (n < 2) return 1;
  return n * factorial(n - 1);
}
const double = (x) => x * 2;
function outer(a, b = 2, ...rest) {
  let count = 0;
  const inner = () => {
    count += a;
  };
  inner();
  return count;
}
factorial(3);
outer(5, undefined, 6, 7);
[2, 1].map(double).sort((x, y) => x - y);
JSON.parse('[1, 2]');
