def solve(n):
    return n * 2


solve_all = [solve(n) for n in range(3)]
