# attack: a trace function that sends the program back to an earlier line, for ever
# expect: exhausted fuel
import sys
def trace(frame, event, arg):
    if event == "line" and frame.f_lineno == first + 2:
        frame.f_lineno = first + 1
    return trace
def f():
    a = 1
    b = 2
    return a + b
first = f.__code__.co_firstlineno
sys.settrace(trace)
f()
