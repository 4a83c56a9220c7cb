# stdout: 0 b'' True False
# stdout: [Errno 30] Read-only file system: '/dev/null'
import os
import sys
from contextlib import redirect_stdout

with open(os.devnull, "w") as f, redirect_stdout(f):
    print("not shown")
with open(os.devnull, "r+b", buffering=0) as f:
    f.write(b"x" * 100_000)
    print(f.seek(0, os.SEEK_END), f.read(), os.path.exists("/dev/null"), f.isatty())
try:
    os.remove(os.devnull)
except OSError as e:
    print(e)
