# stdout: 3 3 1.58 0.5 3.0
import heapq
import math
import statistics

data = [1, 2, 3, 4, 5]
print(statistics.mean(data), statistics.median(data), round(statistics.stdev(data), 2), math.comb(4, 2) / 12, heapq.nlargest(3, map(float, data))[-1])
