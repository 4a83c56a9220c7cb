# attack: JSON nested deeper than the C stack
# expect: failed exception RecursionError
import json
json.loads("[" * 1_000_000)
