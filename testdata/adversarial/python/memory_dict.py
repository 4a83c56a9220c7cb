# attack: a dict that only grows
# expect: exhausted memory
# limits: memory=64MiB fuel=4G
d = {}
i = 0
while True:
    d[i] = str(i)
    i += 1
