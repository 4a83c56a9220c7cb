# attack: a global whose finaliser never returns, left for the end of the interpreter, which runs it as the python command does
# expect: exhausted fuel
class A:
    def __del__(self):
        while True:
            pass
hidden = A()
42
