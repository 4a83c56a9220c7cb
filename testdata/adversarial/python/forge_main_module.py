# attack: replace __main__ and the program's own globals
# expect: completed
import sys
import types
fake = types.ModuleType("__main__")
fake.result = "fake"
sys.modules["__main__"] = fake
globals().clear()
