# attack: a function that calls itself
# expect: failed exception RecursionError
# limits: fuel=4G
def f():
    return f()
f()
