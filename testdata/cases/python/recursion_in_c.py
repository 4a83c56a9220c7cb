# Recursion in C code, of whatever kind, ends in an exception, never in the loss of the run.
# stdout: json RecursionError
# stdout: repr RecursionError
# stdout: dumps RecursionError
# stdout: pickle RecursionError
# stdout: deepcopy RecursionError
# stdout: eq RecursionError
# stdout: isinstance RecursionError
# stdout: unary MemoryError
# stdout: parentheses SyntaxError
# stdout: attribute RecursionError
import copy
import json
import pickle

def attempt(name, action):
    try:
        action()
        print(name, "worked")
    except BaseException as error:
        print(name, type(error).__name__)

def nested(depth):
    top = []
    for _ in range(depth):
        top = [top]
    return top

deep = nested(100_000)
other = nested(100_000)

attempt("json", lambda: json.loads("[" * 100_000))
attempt("repr", lambda: repr(deep))
attempt("dumps", lambda: json.dumps(deep))
attempt("pickle", lambda: pickle.dumps(deep))
attempt("deepcopy", lambda: copy.deepcopy(deep))
attempt("eq", lambda: deep == other)

classes = int
for _ in range(100_000):
    classes = (classes,)
attempt("isinstance", lambda: isinstance("", classes))
attempt("unary", lambda: eval("-" * 100_000 + "1"))
attempt("parentheses", lambda: eval("(" * 100_000))

class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x")
attempt("attribute", lambda: Deep().a)
