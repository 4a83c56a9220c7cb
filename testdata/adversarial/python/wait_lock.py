# attack: take a lock twice: nobody can ever release it
# expect: exhausted deadline | exhausted fuel | failed exception RuntimeError
# because: a guest without threads may see that the wait cannot end, sleep, or ask again and again
# limits: deadline=500ms
import threading
lock = threading.Lock()
lock.acquire()
lock.acquire()
