# attack: copy.deepcopy of a deep structure
# expect: failed exception RecursionError
# limits: fuel=4G memory=192MiB
import copy
x = []
for _ in range(200_000):
    x = [x]
copy.deepcopy(x)
