# error: Hostile: <exception str() failed>
class Hostile(Exception):
    def __str__(self):
        raise KeyError("no")

    __repr__ = __str__

raise Hostile
