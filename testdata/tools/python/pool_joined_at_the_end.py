# stdout: end
# stdout: done 1
from concurrent.futures import ThreadPoolExecutor

import tools

ThreadPoolExecutor().submit(tools.slow, 1).add_done_callback(lambda future: print("done", future.result()))
print("end")
