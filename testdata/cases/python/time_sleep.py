# stdout: True True
import time
from datetime import datetime

start = time.perf_counter()
time.sleep(0.02)
print(0.019 < time.perf_counter() - start < 5, datetime.now().year > 2024)
