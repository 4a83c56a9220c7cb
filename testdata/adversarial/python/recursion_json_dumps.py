# attack: serialise what is nested deeper than the C stack
# expect: failed exception RecursionError
import json
x = []
for _ in range(200_000):
    x = [x]
json.dumps(x)
