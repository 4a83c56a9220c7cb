# attack: make links in a writable mount, and hard links between mounts, to reach or to keep what was not granted
# expect: completed
# result: []
import os
found = []
for target in ("/etc/passwd", "../outside/secret", "/data/private/key", "..", "/"):
    for link in ("/out/link", "/logs/link", "/data/link", "/out/sub/link"):
        try:
            os.symlink(target, link)
            found.append([target, link])
        except OSError:
            pass
for old in ("/data/a.csv", "/data/private/key", "/out/old", "/logs/log", "/one.txt", "/out/abs"):
    for new in ("/out/hard", "/logs/hard", "/work/hard", "/data/hard"):
        for how in (os.link, os.rename):
            if how is os.rename and old.startswith("/out") and new.startswith("/out"):
                continue
            try:
                how(old, new)
                found.append([how.__name__, old, new])
            except OSError:
                pass
# A link in the program's own folder leads where its paths lead, and no further.
os.symlink("/data/private/key", "/work/key")
os.symlink("/data/../../../../etc/passwd", "/work/passwd")
os.symlink("/out/abs", "/work/abs")
for link in ("/work/key", "/work/passwd", "/work/abs"):
    try:
        found.append([link, open(link).read()])
    except OSError:
        pass
found
