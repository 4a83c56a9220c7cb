# attack: a result of many short values, nested as deep as results may be: indented, each of them takes a hundred bytes
# expect: completed
# limits: fuel=4G
x = [1] * 100_000
for _ in range(60):
    x = [x]
x
