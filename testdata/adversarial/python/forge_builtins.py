# attack: replace every builtin by one that raises, while the program succeeds
# expect: completed
# result: 42
import builtins
def broken(*a, **k):
    raise RuntimeError("patched")
put = setattr
for name in dir(builtins):
    if not name.startswith("__") and name not in ("RuntimeError", "BaseException"):
        put(builtins, name, broken)
42
