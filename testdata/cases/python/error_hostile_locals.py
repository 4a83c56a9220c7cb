# Showing the variables runs none of the program's code.
# stdout: before
# value: thing = <Trap a=1>
class Trap:
    def __init__(self):
        self.a = 1

    def __repr__(self):
        while True:
            pass

thing = Trap()
print("before")
thing.missing  # error: AttributeError: 'Trap' object has no attribute 'missing'
