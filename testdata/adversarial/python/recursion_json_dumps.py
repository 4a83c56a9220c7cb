# attack: serialise what is nested deeper than the C stack
# expect: failed exception RecursionError
# limits: fuel=4G
import json
x = []
for _ in range(200_000):
    x = [x]
json.dumps(x)
