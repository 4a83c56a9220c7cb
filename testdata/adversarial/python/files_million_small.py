# attack: a million empty files: their names and records are what costs the host
# expect: exhausted storage
# limits: fuel=4G storage=1MiB
for i in range(10**6):
    open(f"f{i}", "w").close()
