# stdout: caught
# stdout: 2700
import sys

def down(n):
    return 0 if n == 0 else 1 + down(n - 1)

try:
    down(10**6)
except RecursionError:
    print("caught")
sys.setrecursionlimit(3000)
print(down(2700))
