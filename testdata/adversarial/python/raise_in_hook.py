# attack: an excepthook that raises, and forges an exit
# expect: failed exception ValueError
import sys
def hook(*args):
    sys.exit(0)
sys.excepthook = hook
raise ValueError("the truth")
