# attack: ten thousand open files
# expect: completed
# result: ["OSError", true, true]
kept = []
failures = set()
for i in range(10_000):
    try:
        kept.append(open("/data/a.csv", "rb"))
    except OSError as e:
        failures.add(type(e).__name__)
most = len(kept)
for f in kept:
    f.close()
[failures.pop(), 100 <= most <= 256, open("/data/a.csv").read() != ""]
