import numpy as np
import pandas
from sklearn import cluster
import math

print(math.sqrt(16))
