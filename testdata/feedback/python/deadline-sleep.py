# deadline: 400ms
import time

for attempt in range(10):
    time.sleep(0.2)
