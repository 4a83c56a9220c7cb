# attack: write into the interpreter's own library, which later runs share
# expect: completed
# result: []
import os
changed = []
for folder, _, names in os.walk("/usr"):
    for name in names[:50]:
        path = os.path.join(folder, name)
        for attempt in ("wb", "r+b", "ab"):
            try:
                with open(path, attempt) as f:
                    f.write(b"x")
                changed.append([path, attempt])
            except OSError:
                pass
        for act in (os.unlink, lambda p: os.truncate(p, 0), lambda p: os.rename(p, "/work/x")):
            try:
                act(path)
                changed.append([path, "moved"])
            except OSError:
                pass
changed
