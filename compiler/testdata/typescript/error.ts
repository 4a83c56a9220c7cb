const greeting: string = 'größe';
function f(a: number {
  return a;
}
