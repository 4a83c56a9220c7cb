# attack: a list literal nested 100,000 deep
# expect: invalid syntax
# expand: OPEN 100000 "["
# expand: CLOSE 100000 "]"
x = @@OPEN@@@@CLOSE@@
