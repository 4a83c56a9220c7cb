"""Functions of the host: import tools; tools.call("search", query="x"), or from tools import search; search(query="x").

A dotted name is an attribute: tools.kv.get(key="a"). Arguments and results are JSON. What the host refuses or a function fails with
arrives as a ToolError.
"""

import json

import _wand


class ToolError(Exception):
    """A host function did not give a result. type is its kind, hint what to do about it, when the host knows."""

    def __init__(self, message, type="error", hint=None):
        super().__init__(message)
        self.type = type
        self.hint = hint
        if hint:
            self._wand_hint = hint


def call(name, /, **arguments):
    """Calls the host function of that name and returns its result."""
    response = json.loads(_wand.call(name, json.dumps(arguments).encode()))
    if "error" in response:
        error = response["error"]
        raise ToolError(error.get("message", "the host function failed"), error.get("type", "error"), error.get("hint"))
    return response.get("ok")


class Tool:
    """A host function by name; its attributes are the functions below that name."""

    def __init__(self, name):
        self.__name__ = self.__qualname__ = name

    def __call__(self, /, **arguments):
        return call(self.__name__, **arguments)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Tool(f"{self.__name__}.{name}")

    def __repr__(self):
        return f"<host function {self.__name__}>"


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Tool(name)
