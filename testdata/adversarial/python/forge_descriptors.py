# attack: close and rearrange every descriptor, the root folder's included
# expect: failed exception ValueError
import os
for fd in range(16):
    try:
        os.close(fd)
    except OSError:
        pass
raise ValueError("the truth")
