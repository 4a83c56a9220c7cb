# attack: a result whose repr floods standard output
# expect: exhausted output
class R:
    def __repr__(self):
        while True:
            print("x" * 1000)
R()
