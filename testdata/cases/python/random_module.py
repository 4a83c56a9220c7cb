# stdout: 0.13436424411240122 [3, 1, 2] True
import random

random.seed(1)
first = random.random()
items = [1, 2, 3]
random.Random(4).shuffle(items)
print(first, sorted(items, key=lambda n: -n if n == 3 else n), 0 <= random.SystemRandom().random() < 1)
