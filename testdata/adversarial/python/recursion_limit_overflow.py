# attack: a recursion limit that fits no C int
# expect: failed exception OverflowError
import sys
sys.setrecursionlimit(10**9 * 10**9)
