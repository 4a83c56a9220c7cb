# attack: 100,000 parentheses, all of them closed
# expect: invalid syntax
# expand: OPEN 100000 "("
# expand: CLOSE 100000 ")"
x = @@OPEN@@1@@CLOSE@@
