"""Explains missing modules: the last finder on sys.meta_path, asked when nobody else has found one."""

import sys

import _wand

# Functions defined from here on have builtins of their own: the program may replace or empty everybody else's.
__builtins__ = dict(vars(__import__("builtins")))

PACKAGES = "this sandbox has Python's standard library and the packages that were given with the run"
STDLIB = sys.stdlib_module_names
_getframe = sys._getframe
REASONS = {
    "_ctypes": "C libraries cannot be loaded in this sandbox; write it in Python",
    "_curses": "there is no terminal in this sandbox; use print",
    "_dbm": "dbm is not available in this sandbox; use sqlite3 or a file",
    "_gdbm": "dbm is not available in this sandbox; use sqlite3 or a file",
    "_multiprocessing": "processes are not available in this sandbox; call the function directly, or use concurrent.futures, which does",
    "_posixshmem": "processes are not available in this sandbox, so there is no memory to share with one",
    "_posixsubprocess": "processes are not available in this sandbox; do it in Python, or call a host function (import tools)",
    "_ssl": "the network is not reachable from this sandbox; call a host function (import tools) or use the data that was given",
    "_tkinter": "there is no display in this sandbox; print the result, or write a file",
    "curses": "there is no terminal in this sandbox; use print",
    "dbm": "dbm is not available in this sandbox; use sqlite3 or a file",
    "ensurepip": f"nothing can be installed in this sandbox; {PACKAGES}",
    "mmap": "memory cannot be mapped in this sandbox; read the file",
    "pip": f"nothing can be installed in this sandbox; {PACKAGES}",
    "readline": "there is no terminal in this sandbox; use input",
    "resource": "resource is not available in this sandbox; the host limits what a program uses",
    "termios": "there is no terminal in this sandbox; use print and input",
    "tkinter": "there is no display in this sandbox; print the result, or write a file",
    "turtle": "there is no display in this sandbox; print the result, or write a file",
    "httpx": "use requests or urllib.request, which go through the host's http tool where that is granted",
    "aiohttp": "use requests with asyncio.to_thread, which goes through the host's http tool where that is granted",
    "numpy": f"{PACKAGES}; for arithmetic use lists with math, statistics and fractions",
    "pandas": f"{PACKAGES}; for tables use csv, sqlite3 and collections",
    "pytest": f"{PACKAGES}; use unittest or assert",
}


class Finder:
    """The finder; its method is in C, so that it leaves no frame in the program's traceback."""

    find_spec = staticmethod(_wand.find_spec)


def find(name, path):
    """Returns the message for a top-level module that an import statement did not find, or None to stay silent."""
    if path is not None or "." in name or name in _quiet:
        return None
    # importlib.util.find_spec asks too, and wants None for an answer.
    asking = _getframe(2) if _getframe(1).f_code.co_name == "_find_spec" else None
    if asking is None or asking.f_code.co_name != "_find_and_load_unlocked":
        return None
    reason = REASONS.get(name, PACKAGES if name not in STDLIB else "it is not available in this sandbox")
    return f"No module named {name!r}; {reason}"


# Optional parts of the standard library, which does without: an exception made for nothing costs time.
_quiet = frozenset({"pwd", "grp", "_posixsubprocess", "org", "_winapi", "winreg", "msvcrt", "nt", "_scproxy", "_overlapped"})
