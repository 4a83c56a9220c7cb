// attack: a regular expression literal of 100,000 groups
// expect: invalid syntax
// expand: OPEN 100000 "("
// expand: CLOSE 100000 ")"
x = /@@OPEN@@@@CLOSE@@/;
