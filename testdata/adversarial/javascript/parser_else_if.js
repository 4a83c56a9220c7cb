// attack: a chain of 200,000 conditions
// expect: invalid syntax | completed
// because: a parser that treats else-if as a loop accepts it
// limits: fuel=4G
// expand: CHAIN 200000 "if(x);else "
let x = 0; @@CHAIN@@;
