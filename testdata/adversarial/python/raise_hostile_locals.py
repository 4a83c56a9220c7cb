# attack: a failed assertion beside locals whose repr never returns, raises, prints and lies
# expect: failed assertion AssertionError | exhausted fuel
# because: a guest that writes out locals has to call their repr; the looping one costs it the run's fuel
class Raises:
    def __repr__(self):
        raise RuntimeError
class Lies:
    def __repr__(self):
        return 42
class Exits:
    def __repr__(self):
        raise SystemExit(0)
def f():
    a, b, c = Raises(), Lies(), Exits()
    assert a == b
f()
