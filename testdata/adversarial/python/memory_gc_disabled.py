# attack: cyclic garbage with the collector off
# expect: exhausted memory
# limits: memory=64MiB
import gc
gc.disable()
while True:
    l = [bytes(1000)]
    l.append(l)
