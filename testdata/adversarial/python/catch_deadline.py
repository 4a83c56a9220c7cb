# attack: swallow the end of a sleep and sleep on
# expect: exhausted deadline
# limits: deadline=400ms
import time
while True:
    try:
        time.sleep(3600)
    except BaseException:
        pass
    finally:
        time.sleep(3600)
