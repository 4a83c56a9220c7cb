# attack: wait for an element that nobody puts
# expect: exhausted deadline | failed exception RuntimeError
# because: as for a lock
# limits: deadline=500ms
import queue
queue.Queue().get()
