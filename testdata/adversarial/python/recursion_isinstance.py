# attack: isinstance() with a tuple of tuples deeper than the C stack
# expect: failed exception RecursionError
# limits: fuel=4G
t = (int,)
for _ in range(200_000):
    t = (t,)
isinstance("", t)
