# file: helper.py: def double(x): return 2 * x
# stdout: 14
from helper import double

print(double(7))
