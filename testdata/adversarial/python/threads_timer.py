# attack: a timer thread that outlives the program
# expect: failed exception RuntimeError
import threading
def forever():
    while True:
        pass
threading.Timer(0.01, forever).start()
