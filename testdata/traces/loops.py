total = 0
for i in range(3):
    if i % 2:
        continue
    total += i
while total > 0:
    total -= 2
names = [f"n{k}" for k in range(2)]
pairs = {k: k * k for k in range(2)}
total
