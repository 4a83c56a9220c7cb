# attack: an integer of a billion bits
# expect: exhausted memory
1 << (10**9 - 1)
