# attack: sizes that the interpreter refuses by itself, caught, for ever
# expect: exhausted fuel
while True:
    try:
        "x" * 10**10
    except (MemoryError, OverflowError):
        pass
