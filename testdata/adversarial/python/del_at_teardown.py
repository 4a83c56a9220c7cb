# attack: a global whose finaliser never returns, left for the interpreter's own end
# expect: completed
# result: 42
class A:
    def __del__(self):
        while True:
            pass
hidden = A()
42
