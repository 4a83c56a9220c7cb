# attack: itertools.product with a repeat of a billion: all of its pools at once
# expect: exhausted memory
import itertools
itertools.product("ab", repeat=10**9 // 4)
