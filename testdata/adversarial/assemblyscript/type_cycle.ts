// attack: types that are each other
// expect: error

type A = B;
type B = A;
let x: A = 1;
