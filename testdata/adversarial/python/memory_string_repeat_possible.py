# attack: a string that a 32-bit memory could hold, and the limit does not
# expect: exhausted memory
"x" * 10**9
