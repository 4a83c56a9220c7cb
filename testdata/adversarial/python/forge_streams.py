# attack: take the streams away: closed, replaced by nothing, by something that loops, by something that raises
# expect: failed exception ValueError
import io
import sys
class Evil(io.TextIOBase):
    def write(self, s):
        raise SystemExit(0)
    flush = close = fileno = write
sys.stdout.close()
sys.stdout = Evil()
sys.stderr = sys.__stderr__ = sys.__stdout__ = None
raise ValueError("the truth")
