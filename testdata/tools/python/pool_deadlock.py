import queue
from concurrent.futures import ThreadPoolExecutor

import tools

ThreadPoolExecutor().submit(tools.slow, 1)
queue.Queue().get()  # error: RuntimeError: deadlock...
