# attack: a finaliser that never returns; exceptions out of it are ignored by the language
# expect: exhausted fuel
class A:
    def __del__(self):
        while True:
            pass
a = A()
del a
