"""Functions of os that a sandbox cannot offer and WASI's os does not even have: each raises an exception that names the alternative."""

import errno
import os

PROCESS = "processes are not available in this sandbox; do it in Python, or call a host function (import tools)"
NAMES = """
    fork forkpty system popen execl execle execlp execlpe execv execve execvp execvpe spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp
    spawnvpe posix_spawn posix_spawnp kill killpg wait waitpid
"""


def install():
    """Adds the functions to os, where they are missing."""
    for name in NAMES.split():
        if not hasattr(os, name):
            setattr(os, name, _raiser(name))


def _raiser(name):
    def function(*args, **kwargs):
        raise OSError(errno.ENOTSUP, PROCESS)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "os"
    return function
