"""Handles requests. main.c calls prepare once, before the snapshot, and begin and finish around each program, which it runs itself so that
the program's first frame is the first."""

import _wand
import atexit
import gc
import json
import linecache
import os
import sys
import time
import types
import warnings

from _wand_guest import aio, blocked, bytecode, calls, errors, missing, values

# Functions defined from here on have builtins of their own: the program may replace or empty everybody else's.
__builtins__ = dict(vars(__import__("builtins")))

# The same for what finish needs of modules that the program can change.
_run_exit_functions = atexit._run_exitfuncs
_join_calls = calls.join
_respond_bytes = _wand.respond
_FunctionType, _ModuleType = types.FunctionType, types.ModuleType

# Imported before the snapshot, so that a program's own import of it costs nothing: what programs of HumanEval, GSM-Hard and MBPP import,
# and what those modules import when they are first used.
PREIMPORT = """
    abc argparse array ast asyncio base64 bisect calendar cmath collections collections.abc concurrent.futures concurrent.futures.thread
    contextlib copy csv dataclasses datetime decimal difflib enum fractions functools hashlib heapq html inspect io itertools json keyword locale
    logging math numbers operator os pathlib pickle pprint queue random re secrets shutil signal statistics string struct sys tempfile
    textwrap threading time timeit traceback types typing unicodedata urllib.parse uuid weakref zlib
    _strptime encodings.ascii encodings.latin_1 encodings.utf_8 encodings.utf_8_sig encodings.cp437
"""

# The request being handled; one at a time.
_current = {}


def prepare():
    """Loads what programs use and makes the interpreter ready to be copied."""
    for name in PREIMPORT.split():
        __import__(name)
    aio.install()
    blocked.install()
    sys.meta_path.append(missing.Finder)
    errors.warm_up()
    gc.collect()
    gc.freeze()


def begin(text):
    """Starts on a request (JSON, bytes). Returns (code, globals) of a program to run, or None when the response is given already."""
    request = json.loads(text)
    _current.clear()
    _current.update(request)
    operation = request.get("op", "run")
    if operation == "bytecode":
        _respond(bytecode.compile_folders(request.get("paths", ())))
        return None
    filename = request.get("filename") or "main.py"
    source = request.get("source", "")
    noted = []
    _show_source(filename, source)
    try:
        with _noting_warnings(noted):
            code = _wand.compile(source.encode("utf-8", "surrogatepass"), filename)
    except BaseException as error:
        # A SyntaxError; or a MemoryError or RecursionError, for a program that is nested too deeply.
        response = {"status": "invalid", "error": errors.describe_syntax(error, filename)}
        if operation == "run" and request.get("traceback") != "none":
            errors.print_traceback(error)
        del error
        _respond(_with_warnings(response, noted))
        return None
    if operation == "check":
        _respond(_with_warnings({"status": "completed"}, noted))
        return None
    _current["warnings"] = noted
    _arrive(request)
    return code, _main_module(filename, request)


def finish(value, error):
    """Ends the program that begin returned: value is what it returned, error what it raised or None. Gives the response."""
    response = {"status": "completed"}
    result = None
    if error is None:
        try:
            result = _result(value)
        except BaseException as raised:
            # From solution(), whose caller is us: the traceback starts at the program's own frame.
            raised.__traceback__ = raised.__traceback__.tb_next.tb_next if raised.__traceback__.tb_next else None
            error = raised
    if error is not None:
        _ended(error, response)
    try:
        _join_calls()
    except BaseException as raised:
        # A callback of the program's that ends more than itself.
        errors.print_traceback(raised)
    _run_exit_functions()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass
    if result is not None and "error" not in response:
        source, value = result
        text = values.encode(value, _current.get("result_bytes") or 1 << 20)
        response = _with_warnings(response, _current["warnings"])
        # The value is JSON already.
        head = values.plain(response)[:-1]
        _respond_bytes(f'{head}, "result": {{"source": "{source}", "value": {text}}}}}'.encode("utf-8", "backslashreplace"))
        return
    _respond(_with_warnings(response, _current["warnings"]))


def _respond(response):
    _respond_bytes(values.plain(response).encode("utf-8", "backslashreplace"))


def _with_warnings(response, noted):
    if noted:
        response["warnings"] = noted[:20]
    return response


def _show_source(filename, source):
    """Lets tracebacks and inspect find the program's text, which is in no file. An entry without a time is never checked against one."""
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)


class _noting_warnings:
    """Notes the warnings of the compiler beside printing them."""

    def __init__(self, noted):
        self.noted = noted

    def __enter__(self):
        self.shown = warnings.showwarning
        warnings.showwarning = self.show

    def show(self, message, category, filename, lineno, file=None, line=None):
        self.noted.append({"message": f"{category.__name__}: {message}", "line": lineno})
        if _current.get("op", "run") == "run":
            self.shown(message, category, filename, lineno, file, line)

    def __exit__(self, *_):
        warnings.showwarning = self.shown


def _arrive(request):
    """Brings the copied interpreter into the present: the environment, the time, the folder, the arguments and fresh randomness."""
    wanted = dict(entry.split(b"=", 1) for entry in _wand.environment() if b"=" in entry)
    if wanted != os.environb if os.supports_bytes_environ else wanted:
        os.environ.clear()
        for name, value in wanted.items():
            os.environ[os.fsdecode(name)] = os.fsdecode(value)
    try:
        os.chdir("/work")
    except OSError:
        pass
    arguments = request.get("argv") or [request.get("filename") or "main.py"]
    sys.argv[:] = arguments
    sys.orig_argv[:] = ["python3", *arguments]
    sys.path[:] = ["/work", *sys.path, *request.get("path", ())]
    seed = request.get("seed")
    if seed:
        # The leading 1 gives every seed the same length, and so the same fuel.
        sys.modules["random"].seed(int("1" + seed, 16))
    sys.modules["tempfile"]._name_sequence = None
    sys.modules["logging"]._startTime = time.time_ns()
    sys.modules["uuid"]._last_timestamp = None


def _main_module(filename, request):
    """Makes a fresh __main__ and returns its globals, as `python main.py` has them."""
    module = types.ModuleType("__main__")
    names = module.__dict__
    names["__annotations__"] = {}
    names["__builtins__"] = sys.modules["builtins"]
    names["__file__"] = filename
    names["__cached__"] = None
    if "input" in request:
        names["INPUT"] = request["input"]
    sys.modules["__main__"] = module
    _current["globals"] = names
    return names


def _result(value):
    """Returns (source, value) of the program's result, or None: the last expression, else result, answer, or what solution() returns."""
    if value is not None:
        return "expression", value
    names = _current["globals"]
    for name in ("result", "answer"):
        found = names.get(name)
        # A function or a module called result is part of the program, not what it found out.
        if found is not None and not isinstance(found, (_FunctionType, _ModuleType, type)):
            return name, found
    solution = names.get("solution")
    if isinstance(solution, _FunctionType) and _needs_nothing(solution):
        found = solution()
        if found is not None:
            return "solution", found
    return None


def _needs_nothing(function):
    code = function.__code__
    if code.co_flags & 0x3A0:  # a generator or a coroutine gives nothing by being called
        return False
    required = code.co_argcount - len(function.__defaults__ or ())
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return required == 0 and all(name in (function.__kwdefaults__ or {}) for name in keywords)


def _ended(error, response):
    """Puts how a program ended into the response, and its traceback on standard error."""
    if isinstance(error, SystemExit):
        code = error.code
        if code is None:
            number = 0
        elif isinstance(code, int):
            # What does not fit a C long is -1.
            number = int.__and__(code, 0xFF) if -(2**63) <= int.__index__(code) < 2**63 else 0xFF
        else:
            number = 1
            try:
                print(code, file=sys.stderr)
            except BaseException:
                pass
        response["exit_code"] = number
        if number:
            response["status"] = "failed"
            response["error"] = errors.describe(error, "exit")
        return
    response["status"] = "failed"
    response["error"] = errors.describe(error, None)
    if _current.get("traceback") != "none":
        errors.print_uncaught(error)
