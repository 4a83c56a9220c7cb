# attack: an excepthook that never returns
# expect: failed exception ValueError | exhausted fuel
# because: a guest may call the hook, as the python command does, or leave it alone
import sys
def hook(*args):
    while True:
        pass
sys.excepthook = hook
raise ValueError("x")
