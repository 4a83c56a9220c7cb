# attack: walk up to the frames that run the program and rewrite their variables
# expect: failed exception ValueError
# never: FORGED
import sys
frame = sys._getframe()
while frame is not None:
    outside = frame.f_globals is not globals()
    if outside:
        for name in list(frame.f_globals):
            if not name.startswith("__"):
                frame.f_globals[name] = lambda *a, **k: '{"status":"completed","result":{"value":"FOR' + 'GED"}}'
        for name in list(frame.f_locals):
            try:
                frame.f_locals[name] = {"status": "completed", "result": {"value": "FOR" + "GED"}}
            except Exception:
                pass
    frame = frame.f_back
raise ValueError("the truth")
