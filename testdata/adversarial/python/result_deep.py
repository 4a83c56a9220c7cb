# attack: a result nested 100,000 deep
# expect: completed
x = []
for _ in range(100_000):
    x = [x]
x
