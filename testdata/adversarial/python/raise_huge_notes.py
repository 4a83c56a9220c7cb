# attack: notes instead of the message: a thousand of them, each of 10 KB
# expect: failed exception ValueError | exhausted output
# because: notes are part of the traceback, and standard error has a limit
# limits: fuel=4G
e = ValueError("x")
for _ in range(1000):
    e.add_note("n" * 10_000)
raise e
