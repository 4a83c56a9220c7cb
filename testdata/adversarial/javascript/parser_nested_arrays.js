// attack: an array literal nested 200,000 deep
// expect: invalid syntax
// limits: fuel=4G
// expand: OPEN 200000 "["
// expand: CLOSE 200000 "]"
x = @@OPEN@@@@CLOSE@@;
