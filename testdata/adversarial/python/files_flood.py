# attack: large files until there is no more room
# expect: exhausted storage
i = 0
while True:
    with open(f"f{i}", "wb") as f:
        f.write(bytes(1 << 20))
    i += 1
