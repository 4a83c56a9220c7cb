# fuel: 80M
words = ["a" * i for i in range(200)]
pairs = 0
for first in words:
    for second in words:
        for third in words: pairs += len(first) + len(second) > len(third)
print(pairs)
