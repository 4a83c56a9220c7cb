# strict: yes
import numpy as np
import math

print(math.sqrt(16))
