# attack: change a folder that was granted for reading, by every call there is
# expect: completed
# result: []
import os, shutil, sqlite3
found = []
tries = {
    "w": lambda: open("/data/a.csv", "w"), "a": lambda: open("/data/a.csv", "a"), "r+": lambda: open("/data/a.csv", "r+"), "x": lambda: open("/data/new", "x"),
    "creat": lambda: os.open("/data/new", os.O_CREAT), "trunc": lambda: os.open("/data/a.csv", os.O_TRUNC), "rdonly trunc creat": lambda: os.open("/data/a.csv", os.O_RDONLY | os.O_CREAT | os.O_TRUNC),
    "truncate": lambda: os.truncate("/data/a.csv", 0), "unlink": lambda: os.unlink("/data/a.csv"), "rmdir": lambda: os.rmdir("/data/sub"), "mkdir": lambda: os.mkdir("/data/made"),
    "rename": lambda: os.rename("/data/a.csv", "/data/b.csv"), "rename out": lambda: os.rename("/data/a.csv", "/out/a.csv"), "rename in": lambda: os.rename("/out/old", "/data/old"),
    "replace": lambda: os.replace("/out/old", "/data/a.csv"), "utime": lambda: os.utime("/data/a.csv", (0, 0)), "rmtree": lambda: shutil.rmtree("/data/sub"),
    "one": lambda: open("/one.txt", "w"), "one gone": lambda: os.unlink("/one.txt"), "mount gone": lambda: os.rmdir("/data"), "mount moved": lambda: os.rename("/data", "/work/data"),
    "sqlite": lambda: sqlite3.connect("/data/new.db").execute("create table t(a)"),
}
for name, do in tries.items():
    try:
        do()
        found.append(name)
    except (OSError, sqlite3.Error):
        pass
fd = os.open("/data/a.csv", os.O_RDONLY)
for name, do in {"write": lambda: os.write(fd, b"x"), "ftruncate": lambda: os.ftruncate(fd, 0), "pwrite": lambda: os.pwrite(fd, b"x", 0), "futime": lambda: os.utime(fd, (0, 0))}.items():
    try:
        do()
        found.append(name)
    except (OSError, AttributeError, NotImplementedError, TypeError):
        pass
found
