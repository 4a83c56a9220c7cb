// attack: template strings inside template strings
// expect: invalid syntax
// expand: OPEN 100000 "`${"
// expand: CLOSE 100000 "}`"
x = @@OPEN@@1@@CLOSE@@;
