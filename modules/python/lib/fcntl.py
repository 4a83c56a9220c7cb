"""fcntl, which WASI has not: modules that only import it work, and what is called says why it cannot."""

import errno

F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL = 0, 1, 2, 3, 4
FD_CLOEXEC = 1
LOCK_SH, LOCK_EX, LOCK_NB, LOCK_UN = 1, 2, 4, 8


def fcntl(fd, cmd, arg=0, /):
    raise OSError(errno.ENOTSUP, "file control is not available in this sandbox")


def ioctl(fd, request, arg=0, mutate_flag=True, /):
    raise OSError(errno.ENOTSUP, "device control is not available in this sandbox")


def flock(fd, operation, /):
    """Succeeds: there is no other process to be locked out."""


def lockf(fd, cmd, len=0, start=0, whence=0, /):
    """Succeeds: there is no other process to be locked out."""
