# attack: take a lock twice: nobody can ever release it
# expect: exhausted deadline | failed exception RuntimeError
# because: a guest without threads may see that the wait cannot end
# limits: deadline=500ms
import threading
lock = threading.Lock()
lock.acquire()
lock.acquire()
