# attack: a class hierarchy game: make isinstance lie about the most basic types
# expect: failed exception ValueError
import abc
class Meta(type):
    def __instancecheck__(cls, o):
        return True
    def __subclasscheck__(cls, o):
        return True
import collections.abc
for name in dir(collections.abc):
    c = getattr(collections.abc, name)
    if isinstance(c, abc.ABCMeta):
        try:
            c.register(ValueError)
        except Exception:
            pass
raise ValueError("the truth")
