# attack: the same on standard error
# expect: exhausted output
import sys
while True:
    sys.stderr.write("x" * 1000 + "\n")
