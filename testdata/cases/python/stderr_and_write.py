# stdout: no newline
# stderr: to stderr
import sys

sys.stdout.write("no newline")
sys.stdout.buffer.write(b"\n")
print("to stderr", file=sys.stderr)
