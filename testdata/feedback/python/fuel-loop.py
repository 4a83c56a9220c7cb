# fuel: 60M
def steps(n):
    while n != 1: n = n // 2 if n % 2 == 0 else (n * 3 - 1) // 2 * 2
    return n


print("steps:", steps(7))
