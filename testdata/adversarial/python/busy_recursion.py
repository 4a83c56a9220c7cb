# attack: exponential recursion without a loop, never deep
# expect: exhausted fuel
def f(n):
    if n:
        f(n - 1)
        f(n - 1)
f(200)
