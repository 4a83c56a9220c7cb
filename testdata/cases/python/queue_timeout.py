# stdout: True True
import queue
import threading
import time

start = time.monotonic()
try:
    queue.Queue().get(timeout=0.02)
except queue.Empty:
    waited = time.monotonic() - start > 0.019
print(waited, not threading.Event().wait(0.01))
