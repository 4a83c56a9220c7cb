# attack: patch the tools by which a last expression is found, then end in a value
# expect: completed
# result: 42
import ast
import types
def broken(*a, **k):
    raise RuntimeError("patched")
for name in dir(ast):
    if not name.startswith("_"):
        setattr(ast, name, broken)
42
