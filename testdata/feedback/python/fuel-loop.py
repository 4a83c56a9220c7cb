# fuel: 60M
def steps(n):
    count = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else (n * 3 - 1) // 2 * 2
        count += 1
    return count


print("steps:", steps(7))
