# attack: ask for more than there can be and treat the MemoryError as weather
# expect: exhausted memory
held = []
while True:
    try:
        held.append(bytearray(16 << 20))
    except MemoryError:
        held.append(bytearray(1 << 10))
