# attack: put a fake of every module in place, ones that answer everything
# expect: failed exception ValueError
# never: FORGED
import sys
class Fake:
    def __getattr__(self, name):
        return self
    def __call__(self, *a, **k):
        return '{"status": "completed", "result": {"value": "FOR' + 'GED"}}'
for name in list(sys.modules):
    if name not in ("__main__",):
        sys.modules[name] = Fake()
raise ValueError("the truth")
