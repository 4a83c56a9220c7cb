# attack: read, shorten or overwrite a log that was granted for appending
# expect: completed
# result: []
import os
found = []
def attempt(name, do):
    try:
        do()
        found.append(name)
    except (OSError, AttributeError, ValueError):
        pass
log = "/logs/log"
with open(log, "a") as f:
    f.write("appended\n")
    fd = f.fileno()
    f.flush()
    attempt("pwrite", lambda: os.pwrite(fd, b"XXXX", 0))
    attempt("ftruncate", lambda: os.ftruncate(fd, 0))
    attempt("truncate", lambda: f.truncate(0))
    attempt("read", lambda: os.read(fd, 10))
    attempt("pread", lambda: os.pread(fd, 10, 0))
    attempt("fallocate", lambda: os.posix_fallocate(fd, 0, 1 << 20))
    os.lseek(fd, 0, os.SEEK_SET)
    os.write(fd, b"after a seek\n")
for mode in ("r", "w", "x", "r+", "w+", "a+"):
    attempt(mode, lambda: open(log, mode))
for name, flags in {"wronly": os.O_WRONLY, "rdwr": os.O_RDWR, "append trunc": os.O_WRONLY | os.O_APPEND | os.O_TRUNC, "append read": os.O_RDWR | os.O_APPEND, "creat": os.O_CREAT}.items():
    attempt(name, lambda: os.open(log, flags))
attempt("unlink", lambda: os.unlink(log))
attempt("rename", lambda: os.rename(log, "/logs/gone"))
attempt("rename over", lambda: os.rename("/logs/other", log))
attempt("replace from scratch", lambda: os.replace("/work/x", log))
attempt("list", lambda: os.listdir("/logs"))
attempt("stat", lambda: os.stat(log))
attempt("mkdir", lambda: os.mkdir("/logs/folder"))
try:
    import fcntl
    with open(log, "a") as f:
        attempt("fcntl", lambda: fcntl.fcntl(f, fcntl.F_SETFL, 0) or os.pwrite(f.fileno(), b"X", 0))
except ImportError:
    pass
found
