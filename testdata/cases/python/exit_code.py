# stdout: before
# exit: 3
# kind: exit
import sys

print("before")
sys.exit(3)
