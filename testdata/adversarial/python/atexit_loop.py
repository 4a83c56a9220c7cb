# attack: the program ends, its exit handler does not
# expect: exhausted fuel
import atexit
@atexit.register
def forever():
    while True:
        pass
