# attack: wait for an event that nobody sets, with a long timeout
# expect: exhausted deadline | failed exception RuntimeError
# because: as for a lock
# limits: deadline=500ms
import threading
threading.Event().wait(10**6)
