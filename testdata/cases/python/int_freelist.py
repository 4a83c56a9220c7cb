# Short ints of every length are made, freed, mutated in size and made again; the values stay right.
# stdout: True
def check():
    total = 0
    keep = []
    for i in range(20000):
        a = i * 1_000_003
        b = a * a - a * (a - 1)
        c = (a << 40) >> 40
        keep.append(c - a + i)
        if b != a or c != a:
            return False
        if len(keep) > 300:
            total += sum(keep)
            keep.clear()
    total += sum(keep)
    return total == sum(range(20000)) and sum(x * 2**29 for x in range(-500, 500)) == -500 * 2**29

print(check())
