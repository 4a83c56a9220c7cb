# attack: sleep for three hundred years
# expect: exhausted deadline
# limits: deadline=400ms
import time
time.sleep(10**9)
