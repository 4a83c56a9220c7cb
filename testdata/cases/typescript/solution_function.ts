// result: 120

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}
function solution(): number {
  return factorial(5);
}
