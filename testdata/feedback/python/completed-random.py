import random
import time

print(random.random() < 2, time.time() > 0)
