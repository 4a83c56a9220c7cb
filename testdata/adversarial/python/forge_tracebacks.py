# attack: patch what writes tracebacks, and the exception's own, so that the report has nothing to go by
# expect: failed exception ValueError
import linecache
import sys
import traceback
def broken(*a, **k):
    raise RuntimeError("patched")
for module in (traceback, linecache):
    for name in dir(module):
        if callable(getattr(module, name)) and not name.startswith("__"):
            setattr(module, name, broken)
raise ValueError("the truth").with_traceback(None)
