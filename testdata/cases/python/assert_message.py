# kind: assertion
# value: left = [1, 2]
# value: right = (1, 2)
assert [1, 2] == (1, 2), "lists are not tuples"  # error: AssertionError: lists are not tuples
