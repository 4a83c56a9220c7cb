# attack: an exception whose class lies about its name and module through a metaclass
# expect: failed exception
class Meta(type):
    @property
    def __name__(cls):
        raise RuntimeError("no name")
    __qualname__ = __module__ = property(lambda cls: 1 / 0)
    def __getattribute__(cls, name):
        raise RuntimeError("nothing at all")
class E(Exception, metaclass=Meta):
    def __getattribute__(self, name):
        raise RuntimeError("nothing at all")
raise E("x")
