# attack: an assertion whose sides change each time they are looked at
# expect: failed assertion AssertionError
class E:
    n = 0
    def __eq__(self, other):
        E.n += 1
        return E.n > 1
assert E() == E(), "the first answer counts"
