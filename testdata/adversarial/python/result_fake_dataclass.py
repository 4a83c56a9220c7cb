# attack: objects that look like dataclasses and named tuples, with fields that loop
# expect: completed | failed exception | exhausted fuel
# because: fields are attributes, which run the program's own code
class Fields(dict):
    def values(self):
        while True:
            yield self
class R:
    __dataclass_fields__ = Fields(a=1)
class T(tuple):
    _fields = property(lambda self: [None] * 10)
[R(), T()]
