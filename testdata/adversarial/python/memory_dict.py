# attack: a dict that only grows
# expect: exhausted memory
# limits: memory=64MiB
d = {}
i = 0
while True:
    d[i] = str(i)
    i += 1
