# attack: a tuple of a billion entries
# expect: exhausted memory
(0,) * 10**9
