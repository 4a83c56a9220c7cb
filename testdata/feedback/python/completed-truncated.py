# keep: little
for n in range(200):
    print("line", n)
