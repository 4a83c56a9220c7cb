# attack: a million exceptions, each the context of the next
# expect: exhausted memory | exhausted fuel
# because: each keeps its frame alive; what is used up first depends on their size
def grow(error):
    while True:
        try:
            raise ValueError from error
        except ValueError as e:
            error = e
grow(None)
