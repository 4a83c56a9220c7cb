# attack: a string of ten billion characters
# expect: exhausted memory
"x" * 10**10
