# attack: rename two files over each other for ever
# expect: exhausted fuel
# limits: fuel=300M
import os
open("a", "w").close()
while True:
    os.rename("a", "b")
    os.rename("b", "a")
