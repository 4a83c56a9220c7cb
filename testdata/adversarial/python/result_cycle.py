# attack: results that contain themselves
# expect: completed
a = []
d = {"a": a}
a += [a, d]
d["d"] = d
d
