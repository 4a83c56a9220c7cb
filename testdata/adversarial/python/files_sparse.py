# attack: a file of one terabyte that holds one byte
# expect: exhausted storage | failed exception OSError
# because: a filesystem may refuse the offset (EFBIG) or count it; it may not allocate it
with open("f", "wb") as f:
    f.seek(10**12)
    f.write(b"x")
