# attack: a trace function that never returns
# expect: exhausted fuel
import sys
def trace(frame, event, arg):
    while True:
        pass
sys.settrace(trace)
def f():
    pass
f()
