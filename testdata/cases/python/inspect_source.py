# stdout: def f(x):
# stdout:     return x + 1
# stdout: 
import inspect

def f(x):
    return x + 1

print(inspect.getsource(f))
