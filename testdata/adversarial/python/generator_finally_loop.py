# attack: closing a generator runs its finally, which never ends
# expect: exhausted fuel
def g():
    try:
        yield 1
    finally:
        while True:
            pass
it = g()
next(it)
it.close()
