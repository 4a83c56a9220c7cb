# attack: open pipes, sockets and devices that lie in a granted folder: they would block, or act on the machine
# expect: completed
# result: []
# limits: deadline=10s
import os
found = []
for mount in ("/data", "/out"):
    for name in ("pipe", "socket", "null", "pipelink"):
        path = f"{mount}/{name}"
        for mode in ("rb", "wb", "ab", "r+b"):
            try:
                open(path, mode)
                found.append([path, mode])
            except OSError:
                pass
        for what in (os.stat, os.unlink, lambda p: os.rename(p, "/out/x"), lambda p: os.rename("/out/old", p)):
            if name == "pipelink" and what is not os.stat:
                continue
            try:
                what(path)
                found.append(path)
            except OSError:
                pass
    if set(os.listdir(mount)) & {"pipe", "socket", "null"}:
        found.append("listed")
found
