# attack: recursion that goes through C on every level, so that it uses up the C stack, with the guard raised
# expect: failed exception RecursionError | exhausted call_depth | failed trap
# because: CPython counts C recursion apart from sys.setrecursionlimit; where the count is too high for the stack, wasm traps instead
# limits: fuel=4G
import sys
sys.setrecursionlimit(10**9)
class A:
    def __getattr__(self, name):
        return getattr(self, name + "x")
A().x
