# attack: a result whose repr is ten million characters long
# expect: completed
# limits: fuel=4G
class R:
    def __repr__(self):
        return "r" * 10**7
R()
