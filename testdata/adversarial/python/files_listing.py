# attack: list a folder of many files, for ever
# expect: exhausted fuel
# limits: fuel=1G
import os
for i in range(2000):
    open(f"f{i}", "w").close()
while True:
    os.listdir(".")
