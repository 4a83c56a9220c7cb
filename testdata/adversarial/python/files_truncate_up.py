# attack: os.truncate to a terabyte
# expect: exhausted storage | failed exception OSError
# because: as for a sparse file
with open("f", "wb") as f:
    f.truncate(10**12)
