# attack: C code that consumes an endless C iterator: no bytecode and no allocation at all
# expect: exhausted fuel
import collections
import itertools
collections.deque(itertools.repeat(0), maxlen=0)
