# attack: one byte at a time, flushed, so that each is a host call of its own
# expect: exhausted output
# limits: output=16KiB
import sys
while True:
    sys.stdout.write(".")
    sys.stdout.flush()
