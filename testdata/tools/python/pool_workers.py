# stdout: [True, True, False, False] True
# stdout: [0, 1, 2]
import tools
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(2)
futures = [pool.submit(tools.slow, n) for n in range(4)]
print([future.running() for future in futures], futures[3].cancel())
print([future.result() for future in futures[:3]])
