# attack: a finaliser that brings its object back to life, for ever
# expect: exhausted fuel
class A:
    def __del__(self):
        global a
        a = A()
a = A()
while True:
    del a
