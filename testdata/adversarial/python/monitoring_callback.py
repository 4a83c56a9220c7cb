# attack: sys.monitoring with a callback on every instruction that never returns
# expect: exhausted fuel
import sys
m = sys.monitoring
m.use_tool_id(3, "x")
def forever(*args):
    while True:
        pass
m.register_callback(3, m.events.PY_START, forever)
m.set_events(3, m.events.PY_START)
def f():
    pass
f()
