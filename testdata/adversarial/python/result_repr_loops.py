# attack: a result whose repr never returns
# expect: exhausted fuel
class R:
    def __repr__(self):
        while True:
            pass
R()
