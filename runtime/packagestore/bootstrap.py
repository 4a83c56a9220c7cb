import sys

sys.path[:] = [folder for folder in sys.path if folder]

_refused = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "os.fork", "os.forkpty", "pty.spawn"})


def _watch(event, arguments):
    if event in _refused:
        raise PermissionError("wand lets pip start no other program")


sys.addaudithook(_watch)


def _start(*arguments):
    raise PermissionError("wand lets pip start no other program")


try:
    import _posixsubprocess

    _posixsubprocess.fork_exec = _start  # what has no event of its own
except ImportError:
    pass

try:
    import resource

    # The largest file that pip may write.
    resource.setrlimit(resource.RLIMIT_FSIZE, (512 << 20, 512 << 20))
except (ImportError, OSError, ValueError):
    pass

import runpy

sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__", alter_sys=True)
