// attack: 300,000 unary operators
// expect: invalid syntax
// expand: NOT 300000 "!"
x = @@NOT@@1;
