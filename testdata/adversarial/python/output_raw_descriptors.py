# attack: os.write on the streams' descriptors, past Python's buffers
# expect: exhausted output
import os
while True:
    os.write(1, b"x" * 4096)
    os.write(2, b"y" * 4096)
