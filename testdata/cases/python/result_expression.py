# result: 42
x = 40
x + 2
