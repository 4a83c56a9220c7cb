# attack: make a hole as large as storage allows and read it whole, again and again
# expect: exhausted memory | exhausted storage | failed exception OSError
# because: a hole that is counted in full never gets that far
with open("f", "wb") as f:
    f.seek(7 << 20)
    f.write(b"x")
held = []
while True:
    held.append(open("f", "rb").read())
