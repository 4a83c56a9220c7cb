# attack: wait for an event that nobody sets, with a long timeout
# expect: exhausted deadline | exhausted fuel | failed exception RuntimeError
# because: a guest without threads may see that the wait cannot end, sleep, or ask again and again
# limits: deadline=500ms
import threading
threading.Event().wait(10**6)
