# attack: a global whose finaliser never returns, left for the interpreter's own end
# expect: exhausted fuel
# because: what a program leaves is destroyed at its end, as the python command does, and that is part of the program
class A:
    def __del__(self):
        while True:
            pass
hidden = A()
42
