"""Turns a program's result into JSON, as the table in modules/ABI.md says."""

import base64
import dataclasses
import datetime
import decimal
import enum
import fractions
import sys
from json.encoder import encode_basestring as quote

from _wand_guest import errors, more

# Functions defined from here on have builtins of their own: the program may replace or empty everybody else's.
__builtins__ = dict(vars(__import__("builtins")))

LEVELS = 64
SAFE = 2**53 - 1


class _TooLong(Exception):
    pass


class _Writer:
    """Collects the parts of one JSON text and stops when they are too long."""

    def __init__(self, limit):
        self.parts = []
        self.left = limit
        self.above = set()

    def put(self, text):
        self.left -= len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        if self.left < 0:
            raise _TooLong
        self.parts.append(text)

    def value(self, value):
        kind = type(value)
        if value is None:
            self.put("null")
        elif kind is bool:
            self.put("true" if value else "false")
        elif kind is int:
            self.integer(value)
        elif kind is float:
            self.float(value)
        elif isinstance(value, enum.Enum):
            self.anything(value)
        elif isinstance(value, str):
            self.put(quote(value if kind is str else str.__str__(value)))
        elif isinstance(value, int):
            self.integer(int.__index__(value))
        elif isinstance(value, float):
            self.float(float.__float__(value))
        elif id(value) in self.above or len(self.above) >= LEVELS:
            self.put('{"$type": "ref", "repr": ' + quote(errors.show(value)) + "}")
        else:
            self.above.add(id(value))
            self.container(value, kind)
            self.above.discard(id(value))

    def integer(self, value):
        if -SAFE <= value <= SAFE:
            self.put(int.__repr__(value))
            return
        if value.bit_length() > self.left * 4:
            raise _TooLong  # before an expensive conversion
        self.put('{"$type": "int", "value": "' + _digits(value) + '"}')

    def float(self, value):
        text = float.__repr__(value)
        self.put(text if text[-1] not in "nf" else '{"$type": "float", "value": "' + text + '"}')

    def tagged(self, name, key, text):
        self.put('{"$type": "' + name + '", "' + key + '": ' + quote(text) + "}")

    def items(self, opening, items, closing="]"):
        self.put(opening)
        first = True
        for item in items:
            if not first:
                self.put(", ")
            first = False
            self.value(item)
        self.put(closing)

    def fields(self, pairs):
        self.put("{")
        first = True
        for name, item in pairs:
            self.put(("" if first else ", ") + quote(name) + ": ")
            first = False
            self.value(item)
        self.put("}")

    def container(self, value, kind):
        if isinstance(value, list):
            self.items("[", list.__iter__(value))
        elif isinstance(value, dict):
            if all(isinstance(key, str) for key in dict.__iter__(value)) and not dict.__contains__(value, "$type"):
                self.fields(dict.items(value))
            else:
                self.put('{"$type": "map", "items": [')
                for index, (key, item) in enumerate(dict.items(value)):
                    self.put(", [" if index else "[")
                    self.value(key)
                    self.put(", ")
                    self.value(item)
                    self.put("]")
                self.put("]}")
        elif isinstance(value, tuple):
            names = getattr(kind, "_fields", None)
            if type(names) is tuple and len(names) == len(value) and all(type(name) is str for name in names):
                self.object(kind, zip(names, tuple.__iter__(value)))
            else:
                self.items('{"$type": "tuple", "items": [', tuple.__iter__(value), "]}")
        elif isinstance(value, (set, frozenset)):
            members = list(value)
            try:
                members.sort()
            except Exception:
                pass
            self.items('{"$type": "set", "items": [', members, "]}")
        elif isinstance(value, (bytes, bytearray)):
            if len(value) > self.left:
                raise _TooLong
            self.tagged("bytes", "value", base64.b64encode(value).decode())
        elif isinstance(value, complex):
            self.put('{"$type": "complex", "real": ')
            self.float(value.real)
            self.put(', "imag": ')
            self.float(value.imag)
            self.put("}")
        elif isinstance(value, decimal.Decimal):
            self.tagged("decimal", "value", decimal.Decimal.__str__(value))
        elif isinstance(value, fractions.Fraction):
            self.tagged("fraction", "value", f"{_digits(value.numerator)}/{_digits(value.denominator)}")
        elif isinstance(value, datetime.datetime):
            self.tagged("datetime", "value", datetime.datetime.isoformat(value))
        elif isinstance(value, datetime.date):
            self.tagged("date", "value", datetime.date.isoformat(value))
        elif isinstance(value, datetime.time):
            self.tagged("time", "value", datetime.time.isoformat(value))
        elif isinstance(value, datetime.timedelta):
            self.put('{"$type": "timedelta", "seconds": ')
            self.float(value.total_seconds())
            self.put("}")
        elif dataclasses.is_dataclass(kind):
            self.object(kind, [(field.name, getattr(value, field.name, None)) for field in dataclasses.fields(value)])
        else:
            self.anything(value)

    def object(self, kind, pairs):
        self.put('{"$type": "object", "class": ' + quote(kind.__name__) + ', "fields": ')
        self.fields(pairs)
        self.put("}")

    def anything(self, value):
        if more.write(self, value):
            return
        try:
            text = repr(value)
        except Exception as error:
            text = f"<{type(value).__name__} object: repr() raised {type(error).__name__}>"
        self.put('{"$type": "object", "class": ' + quote(type(value).__name__) + ', "repr": ' + quote(text) + "}")


def _digits(value):
    """Returns an int's decimal digits, however many there are."""
    limit = _get_limit()
    _set_limit(0)
    try:
        return int.__repr__(value)
    finally:
        _set_limit(limit)


_get_limit, _set_limit = sys.get_int_max_str_digits, sys.set_int_max_str_digits


def plain(value):
    """Returns the JSON text of a response: str, int, bool, None, list and dict with str keys. Not through json, which the program may
    have changed."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(str.__str__(value))
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, list):
        return "[" + ", ".join([plain(item) for item in value]) + "]"
    return "{" + ", ".join([quote(key) + ": " + plain(item) for key, item in value.items()]) + "}"


def encode(value, limit):
    """Returns the JSON text of a value, at most limit bytes of it; a larger one becomes its beginning."""
    writer = _Writer(limit)
    try:
        writer.value(value)
    except _TooLong:
        text = errors.show(value, 4096)
        return f'{{"$type": "truncated", "repr": {quote(text)}, "bytes": {limit - writer.left}}}'
    except BaseException:
        # Whatever the program's own properties and methods raise.
        return f'{{"$type": "ref", "repr": {quote(errors.show(value))}}}'
    return "".join(writer.parts)
