# attack: fill the host's disk through a mount with a quota of 1 MiB: large files, many files, holes, folders
# expect: completed
# result: [true, true]
import os
failed = 0
for i in range(50):
    try:
        with open(f"/out/big{i}", "wb") as f:
            f.write(b"x" * 200_000)
    except OSError:
        failed += 1
try:
    with open("/out/hole", "wb") as f:
        f.seek(1 << 40)
        f.write(b"x")
except OSError:
    failed += 1
try:
    with open("/out/old", "r+b") as f:
        f.truncate(1 << 40)
except OSError:
    failed += 1
for i in range(5000):
    try:
        os.mkdir(f"/out/folder{i}")
    except OSError:
        failed += 1
size = sum(os.stat(os.path.join("/out", name)).st_size for name in os.listdir("/out") if name.startswith(("big", "hole", "old")))
[failed > 100, size <= (1 << 20) + 100]
