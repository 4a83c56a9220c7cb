# A program that cannot be compiled prints nothing at all.
# status: invalid
# stderr: SyntaxError: invalid syntax
print("never")
x = = 1  # error: SyntaxError: invalid syntax
