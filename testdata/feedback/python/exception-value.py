rows = ["1", "2", "x3"]
print([int(row) for row in rows])
