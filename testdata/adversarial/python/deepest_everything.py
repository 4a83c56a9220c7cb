# attack: every limit at once: recursion that allocates, prints and writes files in a handler of its own failure
# expect: exhausted fuel | exhausted output | exhausted storage | exhausted memory
# because: four limits race; any of them is right
# limits: output=64KiB storage=1MiB memory=64MiB
import os
def f(n):
    held = bytearray(1 << 12)
    try:
        print("x" * 100)
        open(f"f{n}", "wb").write(held)
        f(n + 1)
    except BaseException:
        f(n + 1)
    finally:
        f(n + 1)
f(0)
