# attack: comparing two structures nested deeper than the C stack
# expect: failed exception RecursionError
# limits: fuel=4G
x, y = [], []
for _ in range(200_000):
    x, y = [x], [y]
x == y
