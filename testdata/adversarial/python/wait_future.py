# attack: wait for a future of a thread pool that cannot have threads
# expect: completed | failed exception RuntimeError
# because: a guest may run the call at once, in place of a thread, or refuse
# limits: deadline=500ms
from concurrent.futures import ThreadPoolExecutor
ThreadPoolExecutor(4).submit(print, 1).result()
