"""Describes exceptions for the report, and prints them as the python command does.

Nothing here runs the program's code except str() of an exception, which the printed traceback needs too: values are shown from what an
object holds, never through its own __repr__, which may be slow, endless or hostile.
"""

import collections
import datetime
import decimal
import enum
import fractions
import itertools
import keyword
import linecache
import pathlib
import re
import sys
import traceback
import types
import uuid

from _wand_guest import advise

# Functions defined from here on have builtins of their own: the program may replace or empty everybody else's.
__builtins__ = dict(vars(__import__("builtins")))

OURS = "/usr/lib/python313.zip/_wand_guest/"
LIBRARY = ("/usr/lib/python313.zip/", "<frozen ")
FRAMES = 40  # of a deeper stack, the outer ten and the inner thirty
CAUSES = 5
NAMES = 12
SIDE = 400  # characters of a side of a comparison; of a variable half
TESTS = 3  # failed tests of unittest that are described
LINE = 300
MESSAGE = 4000
LONG = 2000  # of a source line in a printed traceback

# Types of the library that show themselves shortly and without calling back. Exactly these: a subclass may have a __repr__ of its own.
_PLAIN = (
    datetime.date, datetime.datetime, datetime.time, datetime.timedelta, decimal.Decimal, fractions.Fraction, pathlib.PosixPath,
    pathlib.PurePosixPath, re.Pattern, re.Match, uuid.UUID,
)


_islice = itertools.islice

# What a class says of itself, past whatever its metaclass says.
_name = type.__dict__["__name__"].__get__


def describe(error, kind):
    """Returns ERROR of the ABI for an exception that a program raised."""
    try:
        return _describe(error, kind, set())
    except BaseException:
        # Out of memory or of stack, or an exception that undoes whoever looks at it.
        return {"kind": kind or "exception", "type": _name(type(error)), "message": "", "frames": []}


def _describe(error, kind, seen):
    seen.add(id(error))
    entries = [entry for entry in _entries(BaseException.__traceback__.__get__(error)) if not entry[0].f_code.co_filename.startswith(OURS)]
    if len(entries) > FRAMES:
        own = next((index for index in range(len(entries) - 1, -1, -1) if not _library(entries[index])), None)
        kept = entries[:10] + entries[-(FRAMES - 10) :]
        if own is not None and 10 <= own < len(entries) - (FRAMES - 10):
            kept[9] = entries[own]  # where the program called a library that went deep
        entries = kept
    frames = [_frame(frame, offset, line) for frame, offset, line in entries]
    description = {
        "kind": kind or ("assertion" if isinstance(error, AssertionError) else "exception"),
        "type": _name(type(error)),
        "message": _message(error),
    }
    inner = next((index for index in range(len(frames) - 1, -1, -1) if not frames[index].get("library")), None)
    place = None
    if inner is not None:
        place = _place(error, entries[inner], inner == len(entries) - 1 or isinstance(error, AssertionError), frames[inner])
    if isinstance(error, SyntaxError):
        description["location"] = _syntax_location(error)
    elif inner is not None:
        description["location"] = _location(entries[inner], frames[inner])
    for frame in frames:
        frame.pop("end_line", None)
    description["frames"] = frames
    if kind != "exit" and place is not None:
        shown = _values(error, place, entries[inner + 1 :])
        if shown:
            description["values"] = shown
    hint = _hint(error, place) or _await_hint(error, description.get("location", {}))
    if hint:
        description["hint"] = hint[:MESSAGE]
    cause = BaseException.__cause__.__get__(error)
    if cause is None and not BaseException.__suppress_context__.__get__(error):
        cause = BaseException.__context__.__get__(error)
    if cause is None and isinstance(error, BaseExceptionGroup):
        cause = error.exceptions[0]
    if cause is not None and id(cause) not in seen and len(seen) < CAUSES:
        description["cause"] = _describe(cause, None, seen)
    return description


def describe_syntax(error, filename):
    """Returns ERROR for what compiling a program raised."""
    description = {"kind": "syntax", "type": _name(type(error)), "message": _message(error)}
    if isinstance(error, SyntaxError):
        description["location"] = _syntax_location(error)
    else:
        description["location"] = {"file": filename, "line": 1}
        description["hint"] = "the program is nested too deeply to be compiled; split it into smaller expressions"
    return description


def _syntax_location(error):
    location = {"file": str(error.filename or "")}
    if isinstance(error.lineno, int) and error.lineno > 0:
        location["line"] = error.lineno
        if isinstance(error.offset, int) and error.offset > 0:
            location["column"] = error.offset
            if isinstance(error.end_lineno, int) and error.end_lineno >= error.lineno and isinstance(error.end_offset, int) and error.end_offset > 0:
                location["end_line"] = error.end_lineno
                location["end_column"] = error.end_offset
        text = error.text if isinstance(error.text, str) else linecache.getline(location["file"], error.lineno)
        location["line_text"] = text.rstrip("\r\n")[:LINE]
    return location


def _entries(trace):
    while trace is not None:
        yield trace.tb_frame, trace.tb_lasti, trace.tb_lineno
        trace = trace.tb_next


def _library(entry):
    return entry[0].f_code.co_filename.startswith(LIBRARY)


def _frame(frame, offset, line):
    code = frame.f_code
    file = code.co_filename
    described = {"file": file, "function": code.co_name, "line": line or 0}
    text = linecache.getline(file, line, frame.f_globals) if line else ""
    position = _position(code, offset)
    if position is not None:
        first, last, start, end = position
        if first == line:
            described["column"] = _characters(text, start) + 1
            described["end_line"] = last
            tail = text if last == first else linecache.getline(file, last, frame.f_globals)
            described["end_column"] = _characters(tail, end) + 1
    described["line_text"] = text.rstrip("\r\n")[:LINE]
    if file.startswith(LIBRARY):
        described["library"] = True
    return described


def _position(code, offset):
    """Returns the (line, end line, column, end column) of an instruction, or None; columns are in bytes from 0."""
    if offset < 0:
        return None
    position = next(_islice(code.co_positions(), offset // 2, None), (None,))
    return position if None not in position else None


def _place(error, entry, direct, described):
    """Returns where an exception was raised, as advise sees it. Of an assert with several parts it is the part that does not hold, which then is the
    location of the report too; a printed traceback marks all of it, as Python does."""
    frame, offset, line = entry
    position = _position(frame.f_code, offset)
    part = _part(error)
    if part is not None and position is not None and position != part and position[0] <= part[0] <= part[1] <= position[1]:
        position = part
        first, last, start, end = part
        text, tail = (linecache.getline(described["file"], number, frame.f_globals) for number in (first, last))
        described.update(line=first, end_line=last, column=_characters(text, start) + 1, end_column=_characters(tail, end) + 1)
        described["line_text"] = text.rstrip("\r\n")[:LINE]
    return advise.Place(frame, position, described["line"], direct)


def _sides(error):
    """Returns what the compiler kept of a failed assert (patches/0005), and the variables of a comprehension that it is about."""
    sides = advise._held(error).get("_wand_sides") if isinstance(error, AssertionError) else None
    if type(sides) is tuple and len(sides) == 2 and type(sides[0]) is tuple and type(sides[1]) is dict:
        return sides
    return (sides if type(sides) is tuple else None), None


def _part(error):
    sides, _ = _sides(error)
    part = sides[-1] if sides else None
    return part if type(part) is tuple and len(part) == 4 and all(type(number) is int for number in part) else None


def _characters(text, count):
    """Turns a number of UTF-8 bytes into a number of characters."""
    return count if text.isascii() else len(text.encode("utf-8", "surrogatepass")[:count].decode("utf-8", "replace"))


def _location(entry, frame):
    keys = ("file", "line", "column", "end_line", "end_column", "line_text")
    return {key: frame[key] for key in keys if key in frame}


def _message(error):
    try:
        # A SyntaxError's text names the position as well, which the location does.
        text = error.msg if isinstance(error, SyntaxError) and isinstance(error.msg, str) else str(error)
    except Exception:
        text = "<exception str() failed>"
    return text if len(text) <= MESSAGE else text[:MESSAGE] + "..."


def _hint(error, place):
    for holder in (error, getattr(error, "reason", None)):
        # A URLError has the error that explains it as its reason.
        hint = getattr(holder, "_wand_hint", None)
        if isinstance(hint, str):
            return hint
    return advise.hint(error, place) if place is not None else None


# What asyncio and the interpreter say of a value that is given where an awaitable has to be.
_NOT_AWAITABLE = ("can't be used in 'await' expression", "a coroutine or an awaitable is required", "a coroutine was expected, got")


def _await_hint(error, location):
    """Returns a hint for who awaits what a host function returned."""
    if not isinstance(error, TypeError) or "tools" not in sys.modules or not any(text in str(error) for text in _NOT_AWAITABLE):
        return None
    found = re.search(r"\btools\.(?!aio\b)(\w+(?:\.\w+)*)\s*\(", location.get("line_text", ""))
    name = found[1] if found else "NAME"
    return f"a host function gives its result at once; to await it, or to make several calls side by side, call tools.aio.{name}(...)"


def _values(error, place, below):
    """Returns what helps to understand a failure: both sides of a failed comparison, then the variables on the failing line, then those of its
    function. below are the library's frames that the failing one called."""
    shown = {}
    sides, variables = _sides(error)
    if sides is None:
        sides = _tested(error, below)
    if sides is not None and len(sides) == 3:
        shown["left"], shown["right"] = show(sides[0], SIDE), show(sides[1], SIDE)
    elif sides is not None and len(sides) == 2 and sides[0] is not False:
        shown["value"] = show(sides[0], SIDE)
    frame = place.frame
    names = frame.f_locals
    used = [word for word in re.findall(r"[^\W\d]\w*", place.lines()) if not keyword.iskeyword(word)]
    if variables is not None:
        _add(shown, variables, dict.fromkeys(used))
    wanted = dict.fromkeys(name for name in used if name in names)
    if frame.f_globals is not names and frame.f_code.co_name != "<module>":
        wanted.update(dict.fromkeys(name for name in names))
    _add(shown, names, wanted)
    if "self" in names:
        held = advise._held(names["self"])
        _add(shown, {f"self.{name}": held[name] for name in dict.fromkeys(re.findall(r"\bself\.(\w+)", place.lines())) if name in held})
    return shown


def _add(shown, values, names=None):
    for name in values if names is None else names:
        value = values.get(name)
        if name in shown or name not in values or name.startswith(("__", ".")) or len(shown) >= NAMES:
            continue
        # By the type: an object may lie about its class.
        if issubclass(type(value), (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)):
            continue
        if name == "self" and any(type.__dict__["__module__"].__get__(base) == "unittest.case" for base in type.__dict__["__mro__"].__get__(type(value))):
            continue  # a test, of which the framework's own state says nothing
        shown[name] = show(value)


def _tested(error, below):
    """Returns the arguments of an assert method of unittest that failed, as an assert keeps its sides."""
    if not isinstance(error, AssertionError) or not below:
        return None
    frame = below[0][0]
    code = frame.f_code
    if not code.co_filename.endswith("/unittest/case.py") or not code.co_name.startswith("assert"):
        return None
    names = [name for name in code.co_varnames[1 : code.co_argcount] if name not in ("msg", "places", "delta", "seq_type")]
    values = [frame.f_locals.get(name) for name in names[:2]]
    return (*values, None) if values else None


# What unittest said of tests that failed: their descriptions, and how many there were.
_failed = []
_failures = [0]


def note_test(test, error):
    """Keeps what is to be said of a test that failed (patches/0013)."""
    _failures[0] += 1
    if len(_failed) < TESTS:
        described = describe(error, None)
        try:
            name = str(test.id())[:200]
        except Exception:
            name = _name(type(test))
        _failed.append((name, described))


def failed_tests():
    """Returns (count, [(name, ERROR)]) of the tests that failed since it was last asked."""
    found = _failures[0], _failed[:]
    _failures[0] = 0
    _failed.clear()
    return found


def show(value, limit=200):
    """Returns a bounded text of a value that runs none of the program's code."""
    try:
        text = _show(value, 3, set(), 12 if limit <= 200 else 40)
    except Exception:
        text = f"<{_name(type(value))} object>"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _show(value, depth, above, most):
    kind = type(value)
    if kind in (bool, types.NoneType, float, complex, range, types.EllipsisType):
        return repr(value)
    if kind is int:
        return repr(value) if value.bit_length() < 1000 else f"<int of {value.bit_length()} bits>"
    if kind in (str, bytes, bytearray):
        return repr(value[:160]) + ("..." if len(value) > 160 else "")
    name = _name(kind)
    if depth == 0 or id(value) in above:
        return "..." if kind not in (list, dict, set, tuple) else {list: "[...]", dict: "{...}", set: "{...}", tuple: "(...)"}[kind]
    above = above | {id(value)}
    for base, opening, closing in ((list, "[", "]"), (tuple, "(", ")"), (set, "{", "}"), (frozenset, "frozenset({", "})")):
        if issubclass(kind, base):
            parts = []
            for item in base.__iter__(value):
                if len(parts) == most:
                    parts.append(f"... ({base.__len__(value)} items)")
                    break
                parts.append(_show(item, depth - 1, above, most))
            text = ", ".join(parts)
            if base is tuple and len(parts) == 1:
                text += ","
            if base in (set, frozenset) and not parts:
                return f"{base.__name__}()"
            return f"{opening}{text}{closing}" if kind is base else f"{name}({opening}{text}{closing})"
    if issubclass(kind, dict):
        parts = []
        for key, item in dict.items(value):
            if len(parts) == most:
                parts.append(f"... ({dict.__len__(value)} items)")
                break
            parts.append(f"{_show(key, depth - 1, above, most)}: {_show(item, depth - 1, above, most)}")
        text = "{" + ", ".join(parts) + "}"
        return text if kind is dict else f"{name}({text})"
    if issubclass(kind, enum.Enum):
        return f"{name}.{object.__getattribute__(value, '_name_')}"
    if kind in _PLAIN:
        return repr(value)
    if kind is collections.deque:
        return "deque([" + ", ".join(_show(item, depth - 1, above, most) for item in itertools.islice(value, 12)) + "])"
    if issubclass(kind, BaseException):
        return f"{name}({', '.join(_show(item, depth - 1, above, most) for item in BaseException.args.__get__(value)[:4])})"
    if kind in (types.FunctionType, types.MethodType, types.BuiltinFunctionType):
        return f"<function {value.__name__}>"
    if issubclass(kind, type):
        return f"<class {_name(value)}>"
    try:
        held = object.__getattribute__(value, "__dict__")
    except Exception:
        held = {}
    if type(held) is not dict:
        held = {}
    parts = [f"{key}={_show(item, depth - 1, above, most)}" for key, item in list(held.items())[:8] if type(key) is str]
    return f"<{name} {' '.join(parts)}>" if parts else f"<{name} object>"


def print_uncaught(error):
    """Prints an exception that nobody caught: through sys.excepthook when the program has set one."""
    hook = sys.excepthook
    if hook is not sys.__excepthook__:
        try:
            hook(type(error), error, error.__traceback__)
            return
        except BaseException as raised:
            print("Error in sys.excepthook:", file=sys.stderr)
            print_traceback(raised)
            print("\nOriginal exception was:", file=sys.stderr)
    print_traceback(error)


def print_traceback(error):
    """Prints an exception as the python command does, without frames of ours."""
    try:
        entries = list(_entries(BaseException.__traceback__.__get__(error)))
        deep = len(entries) > 100
        exception = traceback.TracebackException(type(error), error, None if deep else error.__traceback__, compact=True)
        if deep:
            exception.stack = _summaries(entries)
        _hide(exception, 0)
        print("".join(exception.format()), end="", file=sys.stderr)
    except BaseException:
        # Out of memory or of stack: what can be said without either.
        try:
            sys.stderr.write(f"{type(error).__name__}\n")
        except BaseException:
            pass


def _summaries(entries):
    """Returns what traceback would extract from a deep stack, each place in the code only once: its position takes a walk through the code."""
    known, stack = {}, []
    for frame, offset, line in entries:
        key = (frame.f_code, offset)
        if key not in known:
            first, last, start, end = _position(frame.f_code, offset) or (None,) * 4
            linecache.lazycache(frame.f_code.co_filename, frame.f_globals)
            known[key] = traceback.FrameSummary(
                frame.f_code.co_filename, line, frame.f_code.co_name, end_lineno=last, colno=start, end_colno=end, locals=None, lookup_line=True
            )
        stack.append(known[key])
    return stack


class _Stack(traceback.StackSummary):
    """A stack that formats equal frames once: a deep recursion has a thousand of them."""

    def format_frame_summary(self, frame, **options):
        key = (frame.filename, frame.name, frame.lineno, frame.end_lineno, frame.colno, frame.end_colno)
        memo = self.__dict__.setdefault("memo", {})
        if key not in memo:
            memo[key] = super().format_frame_summary(frame, **options)
        return memo[key]


def _hide(exception, depth):
    if exception is None or depth > 100:
        return
    exception.stack = _Stack(frame for frame in exception.stack if not frame.filename.startswith(OURS))
    for frame in exception.stack:
        if len(frame.line or "") > LONG:
            frame._lines = frame._lines_dedented = frame.line[:LONG] + "..."
            frame.colno = frame.end_colno = None
    if len(getattr(exception, "text", None) or "") > LONG:
        exception.text = None
    _hide(exception.__cause__, depth + 1)
    _hide(exception.__context__, depth + 1)
    for inner in exception.exceptions or ():
        _hide(inner, depth + 1)


def warm_up():
    """Runs the paths above once before the snapshot, so that what they import and cache is in it."""
    import io

    try:
        raise ValueError("warm-up")
    except ValueError as error:
        describe(error, None)
        stderr, sys.stderr = sys.stderr, io.StringIO()
        try:
            print_traceback(error)
        finally:
            sys.stderr = stderr
    linecache.clearcache()
