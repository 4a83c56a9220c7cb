# attack: climb out of the root in every spelling
# expect: completed
# result: []
import os
found = []
for up in ("../" * 40, "/" + "../" * 40, "/work/" + "../" * 40, "./.././" * 20, "//", "/work/..//../", "a/../" * 10 + "../" * 10):
    for target in ("etc/passwd", "proc/self/environ", "tmp", "root", "home"):
        try:
            os.stat(up + target)
            found.append(up + target)
        except OSError:
            pass
[f for f in found if not f.endswith("tmp")]
