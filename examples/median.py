# A model's mistake: the median of a list that nobody sorted.
def median(values):
    middle = len(values) // 2
    return values[middle]


prices = [12.5, 3.0, 8.25]
print("checking", prices)
assert median(prices) == 8.25
