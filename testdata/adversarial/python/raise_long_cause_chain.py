# attack: a chain of 100,000 causes
# expect: failed exception ValueError | exhausted output | exhausted fuel
# because: the language prints a traceback for every cause; a guest that stops before meets no limit
# limits: fuel=4G memory=192MiB
error = None
for i in range(100_000):
    new = ValueError(str(i))
    new.__cause__ = error
    error = new
raise error
