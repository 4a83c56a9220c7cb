def double(x):
    return x * 2 if x != 3 else 7


cases = [(1, 2), (3, 6), (4, 8)]
assert all(double(x) == y for x, y in cases)
