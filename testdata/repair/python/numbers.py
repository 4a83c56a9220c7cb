import math
from statistics import median


def collatz(start):
    steps = 0
    while start != 1:
        start = start // 2 if start % 2 == 0 else 3 * start + 1
        steps += 1
    return steps


def digits(number):
    found = []
    while number > 0:
        found.append(number % 10)
        number = number // 10
    found.reverse()
    return found


def ratio(part, whole):
    return part / whole


def distance(first, second):
    return math.hypot(first[0] - second[0], first[1] - second[1])


samples = [7, 3, 12, 9]
whole = 4
lengths = []
for position in range(len(samples)):
    lengths.append(collatz(samples[position]))
middle = median(lengths)
share = ratio(sum(samples), whole)
far = distance((0, 0), (3, 4))
assert lengths == [16, 7, 9, 19]
assert digits(4711) == [4, 7, 1, 1]
assert middle == 12.5
assert far == 5.0
print(share)
