# stdout: [0, 1, 1, 2, 3, 5, 8, 13]
# stdout: closed
from itertools import islice

def fibonacci():
    a, b = 0, 1
    try:
        while True:
            yield a
            a, b = b, a + b
    finally:
        print("closed")

numbers = fibonacci()
print(list(islice(numbers, 8)))
numbers.close()
