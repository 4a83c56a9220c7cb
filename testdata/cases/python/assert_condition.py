# kind: assertion
# value: items = [3, 1]
items = [3, 1]
assert all(a <= b for a, b in zip(items, items[1:]))  # error: AssertionError
