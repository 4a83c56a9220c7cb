# attack: bytes(n) with an n larger than any address
# expect: exhausted memory
bytes(10**15)
