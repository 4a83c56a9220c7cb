# attack: a pickle nested deeper than the C stack
# expect: failed exception RecursionError
# limits: fuel=4G
import pickle
x = []
for _ in range(200_000):
    x = [x]
pickle.dumps(x)
