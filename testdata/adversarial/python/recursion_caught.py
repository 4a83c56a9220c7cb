# attack: swallow RecursionError and recurse again: exponential work at the edge of the stack
# expect: exhausted fuel
def f():
    try:
        f()
    except RecursionError:
        f()
f()
