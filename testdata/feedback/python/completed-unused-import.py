import numpy as np
import pandas
from matplotlib import pyplot as plt
import math

print(math.sqrt(16))
