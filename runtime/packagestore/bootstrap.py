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

try:
    # pip asks markers (python_version >= "3.12", sys_platform == "win32") of the Python that it runs in; they are meant for the guest's.
    from pip._vendor.packaging import markers

    _own = markers.default_environment

    def _guest():
        return {
            **_own(), "os_name": "posix", "sys_platform": "wasi", "platform_machine": "wasm32", "platform_system": "wasi", "platform_release": "0.0.0", "platform_version": "0.0.0",
            "python_version": "3.13", "python_full_version": "3.13.5", "implementation_name": "cpython", "implementation_version": "3.13.5",
            "platform_python_implementation": "CPython",
        }

    markers.default_environment = _guest
except (ImportError, AttributeError):
    pass  # another pip has them elsewhere

import runpy

sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__", alter_sys=True)
