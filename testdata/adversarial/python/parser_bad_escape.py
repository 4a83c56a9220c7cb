# attack: a truncated escape
# expect: invalid syntax
x = "\x"
