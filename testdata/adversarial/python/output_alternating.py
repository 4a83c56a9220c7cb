# attack: both streams share one limit; alternate between them to get twice as much
# expect: exhausted output
# limits: output=64KiB
import sys
for _ in range(48):
    sys.stdout.write("o" * 1023 + "\n")
    sys.stdout.flush()
    sys.stderr.write("e" * 1023 + "\n")
    sys.stderr.flush()
