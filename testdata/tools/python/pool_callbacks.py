# stdout: 1 2 True
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import tools

first, second, event = queue.Queue(), queue.SimpleQueue(), threading.Event()


def done(future):
    first.put(future.result())
    second.put(2)
    event.set()


ThreadPoolExecutor().submit(tools.slow, 1).add_done_callback(done)
print(first.get(), second.get(), event.wait(5))
