# attack: growth one element at a time, with many small reallocations
# expect: exhausted memory
# limits: memory=64MiB fuel=4G
l = []
while True:
    l.append(l[:100])
