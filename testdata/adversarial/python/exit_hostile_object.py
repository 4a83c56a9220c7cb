# attack: an exit status that is an object with a __str__ that never returns
# expect: exhausted fuel
import sys
class E:
    def __str__(self):
        while True:
            pass
sys.exit(E())
