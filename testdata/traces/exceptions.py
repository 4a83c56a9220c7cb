class Odd(ValueError):
    pass


def check(n):
    if n % 2:
        raise Odd("odd", n)
    return n


def safe(n):
    try:
        return check(n)
    except Odd as e:
        n = -1
        return n
    finally:
        done = True


safe(2)
safe(3)
check(1)
