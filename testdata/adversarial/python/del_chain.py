# attack: the deletion of a list nested 500,000 deep, which a naive interpreter does by recursion
# expect: completed
# limits: fuel=4G
# result: "alive"
x = None
for _ in range(500_000):
    x = [x]
del x
"alive"
