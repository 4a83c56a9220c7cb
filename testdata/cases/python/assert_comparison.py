# kind: assertion
# value: left = 5
# value: right = 6
calls = []

def add(a, b):
    calls.append(1)
    assert len(calls) == 1
    return a + b

assert add(2, 3) == 6  # error: AssertionError
