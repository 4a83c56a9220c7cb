# attack: hashing a tuple nested deeper than the C stack
# expect: failed exception RecursionError | exhausted call_depth
# because: tuple hashing has no recursion guard in CPython, so the sandbox's own limit is what stops it
# limits: fuel=4G
x = ()
for _ in range(200_000):
    x = (x,)
hash(x)
