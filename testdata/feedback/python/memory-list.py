# memory: 64MiB
rows = []
while True:
    rows.append("x" * 100_000)
