# attack: follow links that the host has in a granted folder and that lead out of it, in every way that follows one
# expect: completed
# result: []
import os
found = []
for mount in ("/data", "/out"):
    for name in ("abs", "rel", "up", "proc", "loop", "sub/up", "deep", "file"):
        link = f"{mount}/{name}"
        for path in (link, link + "/", link + "/secret", link + "/../secret", link + "/outside/secret", link + "/./secret"):
            for mode in ("rb", "r+b", "ab", "wb", "xb"):
                try:
                    with open(path, mode) as f:
                        if mode != "rb":
                            f.write(b"overwritten")
                        found.append([path, mode])
                except OSError:
                    pass
            for what in (os.listdir, os.stat, os.rmdir):
                try:
                    found.append([path, str(what(path))])
                except OSError:
                    pass
            for what in (lambda: os.mkdir(path + "/made"), lambda: os.rename("/out/old", path + "/moved"), lambda: os.utime(path, (1, 1)), lambda: os.truncate(path, 0)):
                try:
                    what()
                    found.append([path, "changed"])
                except OSError:
                    pass
        try:
            target = os.readlink(link)
            if target.startswith(("/", "..")):
                found.append([link, target])
        except OSError:
            pass
# A link of the mount's own that stays inside is not an attack.
if open("/data/inside").read() != "inside":
    found.append("the link that stays inside does not work")
found
