# attack: catastrophic backtracking, all of it inside the regex engine
# expect: exhausted fuel
import re
re.match(r"(a+)+$", "a" * 64 + "b")
