# attack: many sparse files, each with one byte at the far end of what the limit allows
# expect: exhausted storage | exhausted memory | failed exception OSError
# because: holes may be counted by chunk or by size; the host holds little either way
for i in range(10**5):
    with open(f"f{i}", "wb") as f:
        f.seek(1 << 20)
        f.write(b"x")
