# stdout: deleted
# stdout: collected True
import gc

class Loud:
    def __del__(self):
        print("deleted")

thing = Loud()
del thing

class Ring:
    def __init__(self):
        self.ring = self

Ring()
print("collected", gc.collect() >= 1)
