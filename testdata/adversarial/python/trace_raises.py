# attack: a trace function that raises in every frame, the host's helpers included
# expect: failed exception ZeroDivisionError
import sys
def trace(frame, event, arg):
    1 / 0
sys.settrace(trace)
def f():
    return 1
f()
