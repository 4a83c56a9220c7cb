# status: invalid
# kind: syntax
# stderr:     print("open"
def f():
    print("open"  # error: SyntaxError: '(' was never closed
