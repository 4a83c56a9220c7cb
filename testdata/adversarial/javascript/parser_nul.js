// attack: a NUL byte between two statements
// expect: invalid syntax | refused binary
// because: the compiler takes text with NUL bytes for binary data
// expand: NUL 1 "\x00"
let a = 1; @@NUL@@ let b = 2;
