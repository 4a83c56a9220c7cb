# A value of any depth is told as far as it goes.
# status: completed
top = []
for _ in range(100_000):
    top = [top]
top
