"""Loads modules of a user's choice into an interpreter that is then copied as it stands."""

import gc
import sys

import _wand

from _wand_guest import errors

# Functions defined from here on have builtins of their own: a module that is loaded may replace or empty everybody else's.
__builtins__ = dict(vars(__import__("builtins")))

_collect, _freeze = gc.collect, gc.freeze


def bake(imports, path):
    """Imports the modules, which may be below the folders of path as every program's may from now on. Returns the response."""
    sys.path += path
    for name in imports:
        try:
            __import__(name)
        except BaseException as error:
            described = errors.describe(error, None)
            described["message"] = f"{described['message']} (while importing {name})"
            if described.get("kind") == "exit":
                described["kind"] = "exception"
            return {"status": "failed", "error": described}
    _collect()
    _freeze()
    _wand.baked()
    return {"status": "completed"}
