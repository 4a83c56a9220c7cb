# attack: take the interpreter's recursion limit away, then recurse: what is left are the sandbox's limits
# expect: exhausted memory | exhausted fuel | exhausted call_depth | failed exception RecursionError
# because: a Python call needs no C stack in CPython 3.13, so the frames fill the heap until one of the limits is met; which is first depends on the size of a frame
import sys
sys.setrecursionlimit(2**31 - 1)
def f():
    return f()
f()
