# stdout: 1
# error: RuntimeError: deadlock: this would wait for ever...
import queue

waiting = queue.Queue()
waiting.put(1)
print(waiting.get())
waiting.get()
