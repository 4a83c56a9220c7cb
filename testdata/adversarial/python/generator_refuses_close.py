# attack: a generator that ignores GeneratorExit
# expect: failed exception RuntimeError
def g():
    while True:
        try:
            yield 1
        except GeneratorExit:
            pass
it = g()
next(it)
it.close()
