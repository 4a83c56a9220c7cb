# stdout: FileNotFoundError: [Errno 2] No such file or directory: 'missing.txt'
# stdout: IsADirectoryError: [Errno 21] Is a directory: 'a'
# stdout: FileExistsError: [Errno 17] File exists: 'a'
# stdout: OSError: [Errno 39] Directory not empty: 'a'
# stdout: FileNotFoundError: [Errno 2] No such file or directory: 'missing'
# stdout: OSError: [Errno 36] File name too long: 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
# stdout: FileNotFoundError: [Errno 2] No such file or directory: 'missing' -> 'b'
# stdout: FileNotFoundError: [Errno 2] No such file or directory: 'missing'
# stdout: OSError: [Errno 9] Bad file descriptor
# stdout: OSError: [Errno 22] Invalid argument: 'a'
# stdout: OSError: [Errno 9] Bad file descriptor
# stdout: OverflowError: (34, 'Numerical result out of range')
# stdout: FileNotFoundError: [Errno 2] No such file or directory: 'a/b/c'
# stdout: IsADirectoryError: [Errno 21] Is a directory: 'a/b/'
# stdout: IsADirectoryError: [Errno 21] Is a directory: 'a'
# stdout: FileNotFoundError: [Errno 2] No such file or directory: 'x'
# stdout: 13 11 11 ENOENT No space left on device FileNotFoundError BlockingIOError
import errno
import os
import shutil

os.makedirs("a/b")
for attempt in [
    lambda: open("missing.txt"), lambda: open("a"), lambda: os.mkdir("a"), lambda: os.rmdir("a"), lambda: os.listdir("missing"), lambda: os.stat("n" * 300),
    lambda: os.rename("missing", "b"), lambda: shutil.copy("missing", "b"), lambda: os.close(99), lambda: os.readlink("a"),
    lambda: os.read(99, 1), lambda: 2.0 ** 10000, lambda: os.stat("a/b/c"), lambda: open("a/b/").read(), lambda: os.remove("a"), lambda: open("x", "r+"),
]:
    try:
        attempt()
    except Exception as e:
        print(f"{type(e).__name__}: {e}"[:100])
print(errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.errorcode[2], os.strerror(28), type(OSError(2, "x")).__name__, type(OSError(11, "x")).__name__)
