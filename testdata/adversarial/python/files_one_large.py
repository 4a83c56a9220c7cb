# attack: one file that grows
# expect: exhausted storage
with open("f", "wb") as f:
    while True:
        f.write(bytes(1 << 16))
