# attack: containers whose iteration never ends, and whose length lies
# expect: completed | exhausted fuel | exhausted memory | failed exception
# because: a guest that reads the real storage sees an empty container; one that iterates as the language does meets a limit
class L(list):
    def __iter__(self):
        while True:
            yield 1
    def __len__(self):
        return 2**31
class D(dict):
    def items(self):
        while True:
            yield "k", 1
    keys = __iter__ = lambda self: L()
[L(), D()]
