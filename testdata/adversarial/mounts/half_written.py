# attack: be stopped in the middle of writing, and leave half a file on the host
# expect: exhausted fuel
# limits: fuel=200M
# then: /out/old=old
f = open("/out/old", "w")
f.write("half of it")
f.flush()
g = open("/out/new", "w")
g.write("x" * 100_000)
g.flush()
while True:
    pass
