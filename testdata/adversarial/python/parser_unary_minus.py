# attack: 100,000 unary operators in front of a number
# expect: invalid syntax
# expand: MINUS 100000 "-"
x = @@MINUS@@1
