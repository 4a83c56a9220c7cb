import json


def factorial(n):
    if n < 2:
        return 1
    return n * factorial(n - 1)


def outer(a, *rest, key=None):
    count = 0

    def inner():
        nonlocal count
        count += a

    inner()
    return count


factorial(3)
outer(5, 6, key="k")
json.loads("[1, 2]")
sorted([3, 1], key=lambda v: -v)
