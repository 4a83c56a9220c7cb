# attack: an unraisablehook that raises in turn, in a loop of finalisers
# expect: exhausted fuel | exhausted output
# because: the interpreter prints each of them to standard error, unless the hook does not come so far
# limits: fuel=2G
import sys
def hook(*args):
    raise ValueError
sys.unraisablehook = hook
class A:
    def __del__(self):
        raise KeyError
while True:
    A()
