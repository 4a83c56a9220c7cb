# attack: sleeps so short that each wakes before its deadline
# expect: exhausted deadline
# limits: deadline=500ms
import time
while True:
    time.sleep(0.01)
