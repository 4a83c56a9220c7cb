# stdout: Help on function double in module __main__:
# stdout: 
# stdout: double(n, times=1)
# stdout:     Doubles n.
def double(n, times=1):
    "Doubles n."


help(double)
