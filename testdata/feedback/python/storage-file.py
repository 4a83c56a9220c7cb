# storage: 64KiB
with open("big.txt", "w") as out:
    for line in range(100000):
        out.write("x" * 100)
        out.flush()
