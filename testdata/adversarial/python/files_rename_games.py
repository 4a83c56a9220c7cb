# attack: renames that must not work: into itself, over a full folder, out of the root
# expect: completed
# result: []
import os
os.makedirs("a/b/c")
open("a/f", "w").close()
worked = []
for old, new in [("a", "a/b/a"), ("a", "a/b/c"), ("a/f", "a/b"), ("a/b", "a/f"), ("/", "a/root"), ("a", "/"), ("a/f", "../../../../../../a/../../no/such")]:
    try:
        os.rename(old, new)
        worked.append([old, new])
    except OSError:
        pass
worked
