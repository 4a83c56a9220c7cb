# attack: an integer literal of a million digits
# expect: invalid syntax
# expand: DIGITS 1000000 "9"
x = @@DIGITS@@
