# attack: text that executes itself
# expect: failed exception RecursionError
s = "exec(s)"
exec(s)
