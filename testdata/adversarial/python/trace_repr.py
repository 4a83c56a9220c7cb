# attack: a trace shows variables whose __repr__ raises, never ends, or empties what the trace reads
# expect: completed
# result: "untouched"
import sys
class Raises:
    def __repr__(self): raise SystemExit('ran')
    __str__ = __format__ = __repr__
class Endless:
    def __repr__(self):
        while True: pass
    __hash__ = object.__hash__
class Deletes:
    def __repr__(self):
        for name in list(sys._getframe(1).f_globals): del sys._getframe(1).f_globals[name]
        sys.exit('ran')
class Lies(type):
    def __getattribute__(cls, name): raise SystemExit('ran')
    def __repr__(cls): raise SystemExit('ran')
class Class(metaclass=Lies): pass
class Attributes:
    def __getattribute__(self, name): raise SystemExit('ran')
    __class__ = property(lambda self: sys.exit('ran'))
values = [Raises(), Endless(), Deletes(), Class, Attributes()]
by_key = {v if i != 4 else i: [v] for i, v in enumerate(values)}
for value in values:
    held = [value, (value,), {'k': value}]
try:
    raise ValueError(*values)
except ValueError as error:
    kept = error
values = by_key = held = value = kept = v = None
'untouched'
