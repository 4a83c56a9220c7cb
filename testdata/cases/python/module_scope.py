# Names at module level keep their meaning: deletion, comprehensions, classes, exec, star import, globals() and builtins.
# stdout: 3 gone [0, 1, 4] 7 5 9 3.14 1
x = 3
first = x
del x
try:
    x
    state = "here"
except NameError:
    state = "gone"
squares = [i * i for i in range(3)]
class C:
    y = 7
    z = y
globals()["dynamic"] = 5
exec("made = 9")
from math import *
len = lambda s: 1
print(first, state, squares, C.z, dynamic, made, round(pi, 2), len("abc"))
