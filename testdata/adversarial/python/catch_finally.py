# attack: spend what is left, then go on in finally
# expect: exhausted fuel
try:
    while True:
        pass
finally:
    while True:
        pass
