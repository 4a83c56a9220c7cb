# attack: a buffer that grows in place
# expect: exhausted memory
b = bytearray()
while True:
    b.extend(bytes(1 << 20))
