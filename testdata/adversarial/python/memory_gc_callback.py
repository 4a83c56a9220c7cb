# attack: a collector callback that allocates, and asks for another collection
# expect: exhausted memory | exhausted fuel | failed exception RecursionError
# because: nested collections are ignored by CPython, so the allocation loop is what remains
import gc
held = []
def callback(phase, info):
    held.append(bytearray(1 << 20))
    gc.collect()
gc.callbacks.append(callback)
while True:
    gc.collect()
