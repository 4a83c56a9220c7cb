# stderr: [Previous line repeated
def forever(n):
    return forever(n + 1)  # error: RecursionError: maximum recursion depth exceeded

forever(0)
