def add(a, b):
    return a - b


def check(candidate):
    assert candidate(1, 1) == 0
    assert candidate(2, 3) == 5, "sum of two"


check(add)
