# attack: a comparison that never returns, called from C
# expect: exhausted fuel
class K:
    def __lt__(self, other):
        while True:
            pass
sorted([K(), K(), K()])
