# attack: every exit handler registers the next one
# expect: exhausted fuel | completed
# because: CPython runs a handler that is registered while handlers run in some versions and drops it in others
import atexit
def again():
    atexit.register(again)
atexit.register(again)
