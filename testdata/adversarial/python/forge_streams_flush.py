# attack: a stream whose flush at the end of the run never returns
# expect: exhausted fuel | completed
# because: a guest that flushes its own stream and not the program's is right too
import io
import sys
class Evil(io.TextIOBase):
    def flush(self):
        while True:
            pass
sys.stdout = Evil()
