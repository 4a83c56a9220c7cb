# attack: a dict whose keys all have one hash: quadratic work for linear code
# expect: exhausted fuel
class K:
    def __init__(self, i):
        self.i = i
    def __hash__(self):
        return 1
    def __eq__(self, other):
        return self.i == other.i
d = {K(i): i for i in range(10**6)}
