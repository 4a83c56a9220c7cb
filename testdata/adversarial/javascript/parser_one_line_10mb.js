// attack: ten megabytes of statements on one line
// expect: exhausted fuel | exhausted memory | completed
// because: whether the fuel of this corpus suffices depends on the compiler's passes; all three are bounded
// expand: MANY 2500000 "x=1;"
var x; @@MANY@@
