// attack: 300,000 unary operators
// expect: invalid syntax | exhausted call_depth
// because: the compiler's frames are small here, so the sandbox's count of calls may come before the end of the C stack
// expand: NOT 300000 "!"
x = @@NOT@@1;
