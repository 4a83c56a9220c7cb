score = 120
assert 0 <= score <= 100
