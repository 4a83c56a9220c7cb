"""Functions of the host: import tools; tools.search("x", limit=3), or from tools import search; search("x", limit=3).

A dotted name is an attribute: tools.kv.get("a"). Arguments and results are JSON; bytes, dates and the like cross as themselves. What the host
refuses or a function fails with arrives as a ToolError: PermissionError, ArgumentError (a TypeError) and TimeoutError are kinds of it.

help(tools) lists them and help(tools.search) says how one is called. To make several calls side by side, await tools.aio.search("x"), which starts
at once, in asyncio.gather, or give them to concurrent.futures.ThreadPoolExecutor().map(tools.search, ...).
"""

import sys as _sys

from _wand_guest import host as _host
from _wand_guest.aio import tools as aio
from _wand_guest.host import ArgumentError, Handle, ToolError, call
from _wand_guest.host import CallTimeout as TimeoutError
from _wand_guest.host import PermissionRefused as PermissionError


def __getattr__(name):
    if name == "__all__":
        return [tool for tool in _host.names() if tool.isidentifier()] + ["ToolError"]
    if name.startswith("__"):
        raise AttributeError(f"module 'tools' has no attribute {name!r}")
    if _host.call_opcode(_sys._getframe(1), "IMPORT_FROM"):
        _host.check_import(name)
    tool = globals()[name] = _host.Tool(name)
    return tool


def __dir__():
    return [*_host.names(), "aio", "call", "ArgumentError", "PermissionError", "TimeoutError", "ToolError"]
