// attack: 200,000 blocks inside each other
// expect: invalid syntax
// expand: OPEN 200000 "{"
// expand: CLOSE 200000 "}"
@@OPEN@@@@CLOSE@@
