# attack: os._exit past every handler
# expect: failed exit
import atexit
import os
atexit.register(lambda: print("never"))
os._exit(9)
