# stdout: end
import sys

import _wand
from _wand_guest import calls
from concurrent.futures import ThreadPoolExecutor

import tools

_wand.under_way(1000)
future = ThreadPoolExecutor().submit(tools.slow, 1)
calls.pump = calls.join = calls.start = None
try:
    future.result()
except TypeError:
    print("end")
