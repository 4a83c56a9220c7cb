# attack: a result that pretends to be other types and answers every attribute with itself
# expect: completed | failed exception | exhausted fuel
# because: the guest may ask the object or not; whatever it says stays one value of the report
class R:
    __class__ = property(lambda self: dict)
    def __getattr__(self, name):
        return self
    def __call__(self, *a, **k):
        return self
    def __iter__(self):
        return self
    def __next__(self):
        return self
    def __len__(self):
        return 10**18
R()
