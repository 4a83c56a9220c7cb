# attack: a pattern of groups nested too deep for the regex compiler
# expect: failed exception RecursionError
# limits: fuel=4G
import re
re.compile("(" * 50_000 + ")" * 50_000)
