// attack: 100,000 open parentheses
// expect: invalid syntax
// limits: fuel=4G
// expand: OPEN 100000 "("
@@OPEN@@
