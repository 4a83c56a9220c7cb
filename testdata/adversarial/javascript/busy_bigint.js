// attack: powers of powers of integers
// expect: exhausted fuel | exhausted memory
// because: multiplication is superlinear, so the fuel usually ends before the memory
9n ** 9n ** 9n;
