# attack: a format specification with a width of a billion
# expect: exhausted memory
f"{1:1000000000}"
