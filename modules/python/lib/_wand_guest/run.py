"""Handles requests. main.c calls prepare once, before the snapshot, and begin and finish around each program, which it runs itself so that
the program's first frame is the first."""

import _wand
import atexit
import gc
import io
import json
import linecache
import opcode
import os
import sys
import time
import types
import warnings
import weakref

from _wand_guest import aio, bake, blocked, bytecode, calls, errors, host, missing, more, unused, values

# Functions defined from here on have builtins of their own: the program may replace or empty everybody else's.
__builtins__ = dict(vars(__import__("builtins")))

# The same for what finish needs of modules that the program can change.
_run_exit_functions, _forget_exit_functions = atexit._run_exitfuncs, atexit._clear
_collect, _objects = gc.collect, gc.get_objects
_join_calls = calls.join
_scan = json.JSONDecoder().scan_once
_respond_bytes = _wand.respond
_FunctionType, _ModuleType = types.FunctionType, types.ModuleType

# Imported before the snapshot, so that a program's own import of it costs nothing: what two programs or more of HumanEval, GSM-Hard, MBPP and RedCode
# import and is here, what agents' programs use, and what those modules import when they are first used.
PREIMPORT = """
    abc argparse array ast asyncio base64 bisect calendar cmath collections collections.abc concurrent.futures concurrent.futures.thread
    contextlib copy csv dataclasses datetime decimal difflib enum fractions functools glob gzip hashlib heapq html inspect io itertools json keyword locale
    logging lzma math numbers operator os pathlib pickle pprint queue random re requests secrets shutil signal socket statistics string struct
    subprocess sys tempfile textwrap threading time timeit traceback tracemalloc types typing unicodedata urllib.parse urllib.request uuid weakref zlib
    _strptime encodings.ascii encodings.latin_1 encodings.utf_8 encodings.utf_8_sig encodings.cp437
"""

# The request being handled; one at a time.
_current = {}

# What a session keeps from turn to turn; empty in a run of its own.
_session = {}

# The modules that are in every copy.
_known = set()

# The folder that a program starts in.
_home = "/work"

# The program of an interpreter that was made to run just this one (see alone): code, and what a request says of it. And how it ended.
_kept = {}
_status = 1


def prepare():
    """Loads what programs use and makes the interpreter ready to be copied."""
    for name in (PREIMPORT + more.PREIMPORT).split():
        __import__(name)
    aio.install()
    blocked.install()
    sys.meta_path.append(missing.Finder)
    errors.warm_up()
    _warm_up()
    _known.update(sys.modules.keys() - {"__main__"})
    gc.collect()
    gc.freeze()


# Programs that the interpreter runs before it is copied.
_WARM = ["x = 1\n", "def f(n):\n    return [i * n for i in range(n)]\nf(3)\n", "import math\nresult = {'a': math.pi}\n"]


def _warm_up():
    """Handles requests before there are copies. What the interpreter learns of our own code while it runs, it has then learned for all of them: they
    execute less, and write to fewer of the pages that they share."""
    global _respond_bytes
    respond, _respond_bytes = _respond_bytes, len
    main, path, folder = sys.modules["__main__"], list(sys.path), os.getcwd()
    for turn in range(2, 200):
        if turn % 50 == 0:
            _session.clear()
        request = {"source": _WARM[turn % len(_WARM)], "argv": ["main.py"], "seed": "5f" * 32, "session": turn > 100}
        code, names, _ = begin(json.dumps(request))
        finish(eval(code, names), None)
        sys.path[:] = path
    _session.clear()
    linecache.cache.clear()
    sys.modules["__main__"] = main
    vars(sys.modules["builtins"]).pop("_", None)
    os.environ.clear()
    os.chdir(folder)
    # Nothing of the time at which this happens may stay.
    sys.modules["logging"]._startTime = sys.modules["uuid"]._last_timestamp = None
    _respond_bytes = respond


def begin(text):
    """Starts on a request (JSON, str). Returns (code, globals, what to trace: 1 events, 2 coverage) of a program to run, or None when the response is given already."""
    request, _ = _scan(text, 0)
    _current.clear()
    _current.update(request)
    operation = request.get("op", "run")
    if operation == "bytecode":
        _respond(bytecode.compile_folders(request.get("paths", ())))
        return None
    if operation == "bake":
        response = bake.bake(request.get("imports", ()), request.get("path", ()))
        _known.update(sys.modules.keys() - {"__main__"})
        _current.clear()
        _respond(response)
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
    if operation == "build":
        from _wand_guest import standalone

        response = standalone.build(code, request)
        _kept.update(code=code, filename=filename, source=source, strict=request.get("strict"))
        _known.update(sys.modules.keys() - {"__main__"})
        _current.clear()
        _respond(response)
        return None
    _current["warnings"] = noted
    if _session:
        _arrive_again(request)
        names = _session["globals"]
        names["__file__"] = filename
        if "input" in request:
            names["INPUT"] = request["input"]
    else:
        _arrive(request)
        names = _main_module(filename, request)
    return _set_out(code, names, request)


def alone():
    """begin for the program that was kept: what comes with a request comes from WASI here."""
    global _home
    _home = "/"
    filename, source = _kept["filename"], _kept["source"]
    arguments = [os.fsdecode(each) for each in _wand.arguments()]
    request = {"source": source, "filename": filename, "argv": arguments or [filename], "seed": os.urandom(32).hex(), "strict": _kept["strict"]}
    _current.clear()
    _current.update(request, warnings=[], alone=True)
    _arrive(request)
    return _set_out(_kept["code"], _main_module(filename, request), request)


def exit_status():
    """What the program that was kept ended with."""
    return _status


def _set_out(code, names, request):
    """Returns what begin does for a program whose surroundings are there."""
    source, filename = request.get("source", ""), names["__file__"]
    if "import" in source and not request.get("strict") and unused.candidates(source):
        code = _spare(code, source, filename, names, _current["warnings"])
    _current["globals"] = names
    if request.get("session"):
        _session.update(globals=names, argv=request.get("argv"), path=request.get("path", ()), environment=_wand.environment())
        # What earlier turns called result is no result of this one.
        _current["before"] = {name: names[name] for name in ("result", "answer", "solution") if name in names and not _stores(code, name)}
    return code, names, (request.get("trace") is True) + 2 * (request.get("coverage") is True)


def finish(value, error):
    """Ends the program that begin returned: value is what it returned, error what it raised or None. Gives the response. Returns whether the
    program has ended for good, so that leave may destroy what it left; a session's turn has not."""
    response = {"status": "completed"}
    result = None
    if error is None and "alone" not in _current:
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
    if _session:
        _end_turn(value)
    else:
        _run_exit_functions()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass
    if "alone" in _current:
        global _status
        _status = response.get("exit_code", 0 if response["status"] == "completed" else 1)
        _current.clear()
        return True
    _add_warnings(_current["warnings"])
    if result is not None and "error" not in response:
        source, value = result
        text = values.encode(value, _current.get("result_bytes") or 1 << 20)
        response = _with_warnings(response, _current["warnings"])
        # The value is JSON already.
        head = values.plain(response)[:-1]
        _respond_bytes(f'{head}, "result": {{"source": "{source}", "value": {text}}}}}'.encode("utf-8", "backslashreplace"))
    else:
        _respond(_with_warnings(response, _current["warnings"]))
    _current.clear()
    return not _session


def leave(files):
    """Destroys what an ended program left, as Python does at its end: files (how many are open for writing) are flushed, __del__ is called.
    main.c calls it when there is anything that needs it."""
    for name in ("stdin", "stdout", "stderr"):
        # A file that the program put there is one of those to be closed.
        setattr(sys, name, getattr(sys, f"__{name}__"))
    sys.excepthook = sys.__excepthook__
    if files > 0:
        # Of a file in a cycle of references Python may destroy the inner parts first, and lose what the outer ones hold.
        _write_out()
    _forget_exit_functions()
    left = [module for name, module in list(sys.modules.items()) if name not in _known and not _of_library(name, module)]
    for name, module in list(sys.modules.items()):
        if any(module is other for other in left):
            del sys.modules[name]
    left = [weakref.ref(module) for module in left]
    module = None
    _collect()
    for module in left:
        # What still holds a module is not the program: its names go one by one.
        if (module := module()) is not None:
            names = module.__dict__
            for private in (True, False):
                for name in list(names):
                    if type(name) is str and name != "__builtins__" and name.startswith("_") == private:
                        names[name] = None
    module = names = None
    _collect()
    if files > 0:
        _close_files()


def _of_library(name, module):
    """Says whether a module is Python's own. __main__ is not."""
    if name == "__main__":
        return False
    file = getattr(module, "__dict__", {}).get("__file__")
    return file.startswith(errors.LIBRARY) if type(file) is str else name in sys.builtin_module_names


def _write_out():
    """Writes out the buffers of all files, those of texts first. Compressed files are closed, which is how they end well: their parts refer to each
    other, and destroyed in the wrong order they are damaged."""
    found = [each for each in _objects() if isinstance(each, io.IOBase)]
    for each in found:
        if type(each) is io.TextIOWrapper:
            if type(each.buffer) in _BUFFERS:
                _try(each.flush)
            elif type(each.buffer).__module__ in _COMPRESSED:
                _try(each.close)
    for each in found:
        if type(each).__module__ in _COMPRESSED:
            _try(each.close)
    for each in found:
        if type(each) in _BUFFERS:
            _try(each.flush)


def _close_files():
    """Closes the files that something of ours or of the library still holds. Those that write into another one come before it."""
    found = [each for each in _objects() if isinstance(each, io.IOBase)]
    for wanted in (lambda kind: kind is io.TextIOWrapper, lambda kind: kind.__module__ != "_io", lambda kind: kind in _BUFFERS):
        for each in found:
            if wanted(type(each)):
                _try(each.close)


def _try(function):
    try:
        function()
    except BaseException:
        # Python ignores it as well when a file goes with its last reference.
        pass


_BUFFERS = io.BufferedWriter, io.BufferedRandom
_COMPRESSED = "gzip", "bz2", "lzma"


def _respond(response):
    if response == _COMPLETED:
        return _respond_bytes(b'{"status": "completed"}')
    _respond_bytes(values.plain(response).encode("utf-8", "backslashreplace"))


_COMPLETED = {"status": "completed"}


def _with_warnings(response, noted):
    if noted:
        response["warnings"] = noted[:20]
    return response


def _spare(code, source, filename, names, noted):
    """Returns the code of a program without the imports that fail and are not missed; their names are bound to stubs."""
    spared = unused.spare(source)
    if spared is None:
        return code
    text, stubs, found = spared
    try:
        code = _wand.compile(text.encode("utf-8", "surrogatepass"), filename)
    except BaseException:
        return code
    names.update(stubs)
    noted += found
    return code


def _add_failed_test(error):
    """Makes a failed test of unittest the cause of the exit that it led to."""
    count, described = errors.failed_tests()
    if described:
        name, cause = described[0]
        error["message"] = f"{name} failed" if count == 1 else f"{count} tests failed; the first is {name}"
        error["cause"] = cause
        error["hint"] = cause.get("hint") or "make the test named here pass first"


def _random_state():
    """What the generator of the module random is at, or None."""
    try:
        return hash(sys.modules["random"].getstate())
    except Exception:
        return None


def _add_warnings(noted):
    """Adds what a model should know of a program even where it succeeded."""
    silent = _wand.swallowed()
    if silent is not None:
        entries, count = silent
        for kind, text, line, raised in entries:
            what = f"{errors._name(kind)}: {text[:200]}" if text else errors._name(kind)
            noted.append({"kind": "swallowed", "message": f"the except here took {what}, raised at line {raised}, and said nothing", "line": line})
        if count > len(entries):
            noted.append({"kind": "swallowed", "message": f"{count - len(entries)} more exceptions were swallowed"})
    before = _current.get("random")
    if before is not None and "seed(" not in _current.get("source", "") and _random_state() != before:
        noted.append({"kind": "nondeterministic", "message": "the program used random numbers: another run may end differently; random.seed(...) makes them the same"})
    count, described = errors.failed_tests()
    for name, error in described:
        line = error.get("location", {}).get("line", 0)
        noted.append({"kind": "test_failed", "message": f"{name} failed: {error['type']}: {error['message'][:300]}", "line": line})


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
    os.environ["HOME"] = _home
    for entry in _wand.environment():
        name, equals, value = entry.partition(b"=")
        if equals:
            os.environ[os.fsdecode(name)] = os.fsdecode(value)
    try:
        os.chdir(_home)
    except OSError:
        pass
    arguments = request.get("argv") or [request.get("filename") or "main.py"]
    sys.argv[:] = arguments
    sys.orig_argv[:] = ["python3", *arguments]
    sys.path[:] = [_home, *sys.path, *request.get("path", ())]
    seed = request.get("seed")
    if seed:
        # The leading 1 gives every seed the same length, and so the same fuel.
        sys.modules["random"].seed(int("1" + seed, 16))
        more.arrive(seed)
        if "random" in request.get("source", ""):
            _current["random"] = _random_state()
    sys.modules["tempfile"]._name_sequence = None
    sys.modules["logging"]._startTime = time.time_ns()
    sys.modules["uuid"]._last_timestamp = None


def _arrive_again(request):
    """Begins another turn of a session: what the program did to its surroundings stays, but for what the host gives anew."""
    if "argv" in request and request["argv"] != _session["argv"]:
        sys.argv[:] = request["argv"]
    sys.path += [folder for folder in request.get("path", ()) if folder not in _session["path"]]
    before, now = (dict(entry.split(b"=", 1) for entry in entries if b"=" in entry) for entries in (_session["environment"], _wand.environment()))
    if now != before:
        for name in before.keys() - now.keys():
            os.environ.pop(os.fsdecode(name), None)
        for name, value in now.items():
            if before.get(name) != value:
                os.environ[os.fsdecode(name)] = os.fsdecode(value)
    # What the policy grants may be different now.
    host._described.clear()


def _end_turn(value):
    """Ends a turn: value is that of its last expression. Host calls that nobody waited for end with it."""
    if value is not None:
        vars(sys.modules["builtins"])["_"] = value
    waiting = list(calls._settle.values())
    calls._settle.clear()
    for settle in waiting:
        try:
            settle(_CALL_ENDED)
        except BaseException:
            pass
    calls._settle.clear()
    calls._joined = 0
    calls._under_way(0)


_CALL_ENDED = b'{"error": {"type": "ToolError", "message": "the call ended with the turn that made it; wait for its result in the same turn"}}'


def _stores(code, name):
    """Says whether a program assigns a name at its top level."""
    if name not in code.co_names:
        return False
    index, argument, text = code.co_names.index(name), 0, code.co_code
    for at in range(0, len(text), 2):
        argument |= text[at + 1]
        if text[at] in _STORES and argument == index:
            return True
        argument = argument << 8 if text[at] == _EXTENDED else 0
    return False


_STORES = {opcode.opmap["STORE_NAME"], opcode.opmap["STORE_GLOBAL"]}
_EXTENDED = opcode.opmap["EXTENDED_ARG"]


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
    return names


def _result(value):
    """Returns (source, value) of the program's result, or None: the last expression, else result, answer, or what solution() returns."""
    if value is not None:
        return "expression", value
    names = _current["globals"]
    before = _current.get("before") or {}
    for name in ("result", "answer"):
        found = names.get(name)
        if found is before.get(name):
            continue
        # A function or a module called result is part of the program, not what it found out.
        if found is not None and not isinstance(found, (_FunctionType, _ModuleType, type)):
            return name, found
    solution = names.get("solution")
    if isinstance(solution, _FunctionType) and solution is not before.get("solution") and _needs_nothing(solution):
        found = solution()
        if found is not None:
            return "solution", found
        _current["warnings"].append({"kind": "no_value", "message": "solution() gave None, so the program has no value: let it return its result",
                                     "line": solution.__code__.co_firstlineno})
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
            _add_failed_test(response["error"])
        return
    response["status"] = "failed"
    response["error"] = errors.describe(error, None)
    if _current.get("traceback") != "none":
        errors.print_uncaught(error)
