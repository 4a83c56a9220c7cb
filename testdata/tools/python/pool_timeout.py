# stdout: not yet False
# stdout: 1 set()
import concurrent.futures

import tools

pool = concurrent.futures.ThreadPoolExecutor()
future = pool.submit(tools.slow, 1)
try:
    future.result(timeout=0.001)
except TimeoutError:
    print("not yet", future.done())
print(future.result(timeout=10), concurrent.futures.wait([future]).not_done)
