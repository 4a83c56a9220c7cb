# attack: links that point out of the root, absolutely and relatively, and a rename through one
# expect: completed
# result: []
import os
found = []
for i, target in enumerate(["/etc/passwd", "../../../../../../etc/passwd", "/proc/self/environ", "/", "../.."]):
    link = f"link{i}"
    try:
        os.symlink(target, link)
    except (OSError, NotImplementedError, AttributeError):
        continue
    for path in (link, link + "/etc/passwd", link + "/proc/self/environ"):
        try:
            with open(path, "rb") as f:
                found.append([path, len(f.read())])
        except OSError:
            pass
found
