# status: completed
# stdout: bye
import atexit
import sys

atexit.register(print, "bye")
sys.exit()
