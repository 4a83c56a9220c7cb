# attack: interned strings, which no garbage collection ever frees
# expect: exhausted memory | exhausted fuel
# because: interned strings are mortal in CPython 3.13; the list keeps them
# limits: memory=64MiB
import sys
held = []
i = 0
while True:
    held.append(sys.intern("name%d" % i + "x" * 1000))
    i += 1
