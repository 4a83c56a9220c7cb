# attack: a handler that changes the outcome of a run that failed
# expect: failed exception ValueError
import atexit
import sys
atexit.register(lambda: sys.exit(0))
raise ValueError("the truth")
