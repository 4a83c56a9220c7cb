# attack: repr() of a list nested deeper than the C stack
# expect: failed exception RecursionError
x = []
for _ in range(200_000):
    x = [x]
repr(x)
