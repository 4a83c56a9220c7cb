# attack: a program takes the tracer's tool number, its callbacks and its events, and traces itself meanwhile
# expect: completed
# result: [5, 3]
import gc, sys
m = sys.monitoring
def refused(f, *args):
    try:
        f(*args)
    except ValueError:
        pass
# Where no trace is on, the number is free like any other.
refused(m.free_tool_id, 5)
for event in (m.events.LINE, m.events.PY_RETURN, m.events.RAISE):
    refused(m.register_callback, 5, event, None)
refused(m.set_events, 5, 0)
def f():
    return 1
refused(m.set_local_events, 5, f.__code__, 0)
gc.unfreeze()
for o in gc.get_referrers(f.__code__): pass
seen = []
def tracer(frame, event, arg):
    seen.append(event)
    return tracer
sys.settrace(tracer)
f()
f()
sys.settrace(None)
counted = []
sys.setprofile(lambda frame, event, arg: counted.append(event) if event == 'call' else None)
f(); f(); f()
sys.setprofile(None)
[seen.count('call') + seen.count('return') + (seen.count('line') > 0), len(counted)]
