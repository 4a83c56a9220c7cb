# attack: repr() of a list nested deeper than the C stack
# expect: failed exception RecursionError
# limits: fuel=4G
x = []
for _ in range(200_000):
    x = [x]
repr(x)
