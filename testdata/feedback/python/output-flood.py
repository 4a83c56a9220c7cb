# output: 4KiB
for number in range(100000):
    print("row", number)
