"""Host functions as Python sees them; the module tools is made of what is here."""

import base64
import datetime
import decimal
import fractions
import json
import os
import sys
from json import encoder as _json_encoder

import _wand

from _wand_guest import calls

# Functions defined from here on have builtins of their own: the program may replace or empty everybody else's.
__builtins__ = dict(vars(__import__("builtins")))

_call, _describe = _wand.call, _wand.describe


# ---- errors ----


class ToolError(Exception):
    """A host function did not give a result. type is its kind, hint what to do about it, when the host knows."""

    def __init__(self, message, type="ToolError", hint=None):
        super().__init__(message)
        self.type = type
        self.hint = hint
        if hint:
            self._wand_hint = hint
            self.add_note(f"hint: {hint}")


def _kind(name, base, doc):
    return type(name, (ToolError, base), {"__module__": "tools", "__doc__": doc})


ToolError.__module__ = "tools"
PermissionRefused = _kind("PermissionError", PermissionError, "The policy of this run does not allow the call. It is a builtin PermissionError too.")
ArgumentError = _kind("ArgumentError", TypeError, "The arguments do not fit the host function. It is a TypeError too.")
CallTimeout = _kind("TimeoutError", TimeoutError, "The host function took longer than it may. It is a builtin TimeoutError too.")
_kinds = {"PermissionError": PermissionRefused, "ArgumentError": ArgumentError, "TimeoutError": CallTimeout}


# ---- values ----


class Handle:
    """Stands for a value that stays on the host: it can be passed to other host functions of the same run, and nothing else."""

    __slots__ = ("kind", "_id")

    def __init__(self, kind, id):
        self.kind, self._id = kind, id

    def __repr__(self):
        return f"<handle of {self.kind}>"

    def __eq__(self, other):
        return self._id == other._id if isinstance(other, Handle) else NotImplemented

    def __hash__(self):
        return hash(self._id)


class _Tags:
    """Counts the tagged objects in a text that the fast encoder made: any other object with the key $type needs the slow one."""

    count = 0


_tags = _Tags()


def _tag(value):
    """Returns what stands for a value that JSON has no type for (modules/ABI.md)."""
    _tags.count += 1
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"$type": "bytes", "value": base64.b64encode(value).decode()}
    if isinstance(value, Handle):
        return {"$type": "handle", "kind": value.kind, "id": value._id}
    if isinstance(value, datetime.datetime):
        return {"$type": "datetime", "value": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"$type": "date", "value": value.isoformat()}
    if isinstance(value, datetime.time):
        return {"$type": "time", "value": value.isoformat()}
    if isinstance(value, datetime.timedelta):
        return {"$type": "timedelta", "seconds": value.total_seconds()}
    if isinstance(value, decimal.Decimal):
        return {"$type": "decimal", "value": str(value)}
    if isinstance(value, fractions.Fraction):
        return {"$type": "fraction", "value": f"{value.numerator}/{value.denominator}"}
    if isinstance(value, complex):
        return {"$type": "complex", "real": value.real, "imag": value.imag}
    _tags.count -= 1
    if isinstance(value, (set, frozenset)) or type(value).__name__ in ("dict_keys", "dict_values", "dict_items", "generator", "map", "filter", "zip", "range", "deque", "array"):
        items = list(value)
        if isinstance(value, (set, frozenset)):
            try:
                items.sort()
            except TypeError:
                pass
        return items
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return {name: getattr(value, name, None) for name in value.__dataclass_fields__}
    if "_value_" in getattr(value, "__dict__", ()):  # an enum member
        return value._value_
    # numpy's scalars and arrays, pandas' tables, pydantic's models
    for method in ("model_dump", "tolist", "to_dict"):
        if callable(getattr(type(value), method, None)):
            return getattr(value, method)()
    raise TypeError(f"a value of type {type(value).__name__} cannot be sent to a host function; send what it is made of: str, numbers, bytes, list or dict")


_markers = {}
_fast = _json_encoder.c_make_encoder(_markers, _tag, _json_encoder.encode_basestring_ascii, None, ":", ",", False, False, False)


def encode(value):
    """Returns the JSON of a value, as bytes."""
    _tags.count = 0
    try:
        text = "".join(_fast(value, 0))
    except ValueError:
        # A number that is not finite, or a cycle.
        _markers.clear()
        text = None
    except BaseException:
        _markers.clear()
        raise
    if text is None or "$type" in text and text.count('"$type":') != _tags.count:
        text = "".join(_fast(_plain(value, 0), 0))
    return text.encode()


def _plain(value, depth):
    """Returns a value whose JSON is right as the fast encoder writes it, with every tag in place."""
    if depth > 500:
        raise ValueError("the value contains itself, or nests deeper than 500 levels; it cannot be sent to a host function")
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return {"$type": "float", "value": float.__repr__(value)}
        return value
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        if "$type" in value:
            return {"$type": "map", "items": [[_plain(key, depth + 1), _plain(item, depth + 1)] for key, item in value.items()]}
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    before = _tags.count
    plain = _tag(value)
    return plain if _tags.count > before else _plain(plain, depth + 1)


def _untag(value):
    """Returns what a tagged object stands for. What is not as it should be stays an object."""
    try:
        return _untaggers[value["$type"]](value)
    except Exception:
        return value


_untaggers = {
    "bytes": lambda v: base64.b64decode(v["value"], validate=True),
    "handle": lambda v: Handle(v["kind"], v["id"]),
    "int": lambda v: int(v["value"]),
    "float": lambda v: float(v["value"]),
    "tuple": lambda v: tuple(v["items"]),
    "set": lambda v: set(v["items"]),
    "map": lambda v: dict(v["items"]),
    "complex": lambda v: complex(v["real"], v["imag"]),
    "decimal": lambda v: decimal.Decimal(v["value"]),
    "fraction": lambda v: fractions.Fraction(v["value"]),
    "datetime": lambda v: datetime.datetime.fromisoformat(v["value"]),
    "date": lambda v: datetime.date.fromisoformat(v["value"]),
    "time": lambda v: datetime.time.fromisoformat(v["value"]),
    "timedelta": lambda v: datetime.timedelta(seconds=v["seconds"]),
    "undefined": lambda v: None,
}
_scan = json.JSONDecoder().scan_once
_scan_tagged = json.JSONDecoder(object_hook=_untag).scan_once


def result(reply):
    """Returns the value of a host's reply (JSON, bytes), or raises its error."""
    text = reply.decode("utf-8", "replace")
    value = (_scan_tagged if "$type" in text else _scan)(text, 0)[0]
    if "error" not in value:
        return value.get("ok")
    error = value["error"]
    kind = error.get("type", "ToolError")
    raise _kinds.get(kind, ToolError)(error.get("message", "the host function failed"), kind, error.get("hint"))


def _arguments(args, kwargs):
    return encode({**kwargs, "$args": args} if args else kwargs)


# ---- tools ----


def call(name, /, *args, **arguments):
    """Calls the host function of that name and returns its result."""
    return result(_call(name, _arguments(args, arguments)))


def steps(name, args, kwargs):
    """The call as steps for calls.drive."""
    return result((yield name, _arguments(args, kwargs)))


_described = {}


def describe(name):
    """Returns what the host says of a tool, or of all below a name, as a list of dicts in the order of their names."""
    if name not in _described:
        try:
            _described[name] = json.loads(_describe(name))["tools"]
        except (ValueError, KeyError, TypeError):
            _described[name] = []
    return _described[name]


def names(prefix=""):
    """Returns the names that follow a prefix, such as "kv.", in order."""
    found = {tool["name"][len(prefix) :].split(".")[0] for tool in describe(prefix.rstrip("."))}
    return sorted(name for name in found if name)


class Tool:
    """A host function by name; its attributes are the functions below that name."""

    __module__ = "tools"

    def __init__(self, name):
        self.__dict__["_wand_name"] = self.__dict__["__name__"] = self.__dict__["__qualname__"] = name

    def __call__(self, /, *args, **kwargs):
        return result(_call(self._wand_name, _arguments(args, kwargs)))

    def _wand_steps(self, /, *args, **kwargs):
        return steps(self._wand_name, args, kwargs)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        inner = self.__dict__[name] = type(self)(f"{self._wand_name}.{name}")
        return inner

    def __setattr__(self, name, value):
        raise AttributeError(f"{name} cannot be set: {self._wand_name} is a host function")

    def __eq__(self, other):
        return type(other) is type(self) and other._wand_name == self._wand_name

    def __hash__(self):
        return hash(self._wand_name)

    def _wand_described(self):
        """What the host says of this very tool, or None."""
        return next((tool for tool in describe(self._wand_name) if tool["name"] == self._wand_name), None)

    def __dir__(self):
        return names(f"{self._wand_name}.")

    def __repr__(self):
        tool = self._wand_described()
        if tool is not None:
            return f"<host function {_usage(tool)}>"
        inner = names(f"{self._wand_name}.")
        return f"<host functions {self._wand_name}.*: {', '.join(inner)}>" if inner else f"<host function {self._wand_name}>"

    @property
    def __doc__(self):
        tool = self._wand_described()
        return tool.get("doc") if tool is not None else None

    @property
    def __signature__(self):
        tool = self._wand_described()
        signature = _signature(tool or {})
        if signature is None:
            raise AttributeError("__signature__")
        return signature


def _signature(tool):
    """Returns the inspect.Signature of a tool: of its signature where that is Python, else of its parameters; None where nothing is known."""
    import inspect

    text = tool.get("signature") or ""
    if "(" in text:
        try:
            names = {}
            source = f"from __future__ import annotations\ndef tool{text[text.index('(') :]}: pass"
            exec(compile(source, "<signature>", "exec"), names)
            return inspect.signature(names["tool"])
        except SyntaxError:
            pass
    if "parameters" in tool:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature([inspect.Parameter(name, kind) for name in tool["parameters"] if name.isidentifier()])
    return None


def _usage(tool):
    """Returns how a tool is called, by its whole name."""
    above, dot, _ = tool["name"].rpartition(".")
    return above + dot + tool["signature"] if tool.get("signature") else tool["name"]


def help_text(name):
    """Returns what help() prints for a tool or for all below a name."""
    tools = describe(name)
    exact = next((tool for tool in tools if tool["name"] == name), None)
    if exact is None:
        lines = [f"  {_usage(tool)}\n      {(tool.get('doc') or '').strip().partition(chr(10))[0]}".rstrip() for tool in tools]
        title = f"Host functions below {name}" if name else "Host functions that this run may use"
        return f"{title}:\n\n" + ("\n".join(lines) if lines else "  none") + "\n"
    lines = [f"Host function {name}:", "", f"tools.{_usage(exact)}"]
    lines += [f"    {line}".rstrip() for line in (exact.get("doc") or "").strip().splitlines()]
    schema = exact.get("schema") or {}
    described = [(key, value.get("description")) for key, value in (schema.get("properties") or {}).items() if isinstance(value, dict)]
    if any(text for _, text in described):
        lines.append("")
        lines += [f"    {key}: {text}" for key, text in described if text]
    return "\n".join(lines) + "\n"


def nearest(name, known):
    """Returns the name that is most like another, or None."""
    import difflib

    found = difflib.get_close_matches(name, known, 1)
    return found[0] if found else None


def check_import(name):
    """Raises the ImportError for a name that is a misspelt one. Of another the host says, when it is called, why it cannot be."""
    if describe(name):
        return
    best = nearest(name, names()) or next((tool["name"] for tool in describe("") if tool["name"].endswith(f".{name}")), None)
    if best:
        error = ImportError(f"cannot import name {name!r} from 'tools': this run has no such host function", name="tools")
        error._wand_hint = f"did you mean {best}?"
        raise error


def call_opcode(frame, name):
    """Says whether a frame is in the middle of an instruction of that name."""
    opcode = sys.modules.get("opcode") or __import__("opcode")
    return frame.f_code.co_code[frame.f_lasti] == opcode.opmap[name]
