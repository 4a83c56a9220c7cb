# attack: wait for a future of a thread pool that cannot have threads
# expect: failed exception RuntimeError | exhausted deadline
# because: starting the thread is refused before the wait begins
# limits: deadline=500ms
from concurrent.futures import ThreadPoolExecutor
ThreadPoolExecutor(4).submit(print, 1).result()
