# attack: unlinked files that are still open are in no folder, and cost all the same
# expect: exhausted storage
import os
held = []
while True:
    f = open("f", "wb")
    f.write(bytes(1 << 20))
    f.flush()
    os.unlink("f")
    held.append(f)
