# attack: a traceback of 900 frames, each with large locals
# expect: failed exception ZeroDivisionError
# limits: fuel=4G
def f(n):
    big = [n] * 1000
    if n == 0:
        1 / 0
    f(n - 1)
f(900)
