# attack: a function that calls itself
# expect: failed exception RecursionError
def f():
    return f()
f()
