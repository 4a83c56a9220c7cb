# stdout: end
# stderr: SystemExit
from concurrent.futures import ThreadPoolExecutor

import tools


def leave(future):
    raise SystemExit(3)


ThreadPoolExecutor().submit(tools.slow, 1).add_done_callback(leave)
print("end")
