# attack: a result whose repr raises what is not even an Exception
# expect: completed | failed exception
# because: the guest may report the value without its repr, or the failure of the repr
class R:
    def __repr__(self):
        raise KeyboardInterrupt
R()
