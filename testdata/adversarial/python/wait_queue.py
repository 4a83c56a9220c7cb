# attack: wait for an element that nobody puts
# expect: exhausted deadline | exhausted fuel | failed exception RuntimeError
# because: a guest without threads may see that the wait cannot end, sleep, or ask again and again
# limits: deadline=500ms
import queue
queue.Queue().get()
