"""Makes an interpreter the one of a single program: what the program imports is loaded, and what it may import later is kept in memory, for there is no
library beside a module that some other WebAssembly runtime starts."""

import gc
import io
import marshal
import opcode
import os
import sys
import zipimport
import zlib

import _wand

from _wand_guest import missing

# Functions defined from here on have builtins of their own: a package that is loaded may replace or empty everybody else's.
__builtins__ = dict(vars(__import__("builtins")))

LIBRARY = sys.path[0]

# What modules of the interpreter import when they are used and no bytecode says so, and what every program may need.
_HIDDEN = {"sqlite3": ("sqlite3.dump",), "datetime": ("_strptime",), "time": ("_strptime",), "pickle": ("_compat_pickle", "copyreg"), "zoneinfo": ("tzdata",), "sysconfig": ("_sysconfigdata__wasi_wasm32-wasi",)}
_ALWAYS = ("encodings", "traceback", "warnings")
# What modules import to test, document or debug themselves: part of a program that imports it, not of one that imports them.
_ASIDE = {"_pyrepl", "doctest", "idlelib", "pdb", "pydoc", "test", "tkinter", "turtle", "unittest", "webbrowser"}

# The files that are kept: by their whole path the bytes, deflated; by archive what zipimport calls its directory.
_held = {}
_directories = {}


def build(code, request):
    """Loads what a program imports and keeps what it may import. Returns the response."""
    packages = [_open_folder(folder) for folder in request.get("path", ())]
    archives = [*packages, (LIBRARY, dict(zipimport._zip_directory_cache[LIBRARY]), _read_library)]
    for archive, files, _ in packages:
        _directories[archive] = {name: _entry(archive, name) for name in files}
    sys.path += [archive for archive, _, _ in packages]
    _install({archive: read for archive, _, read in archives})
    at_once, wanted = _program_imports(code, archives)
    asked = request.get("include", ())
    absent = [name for name in asked if not _is_module(name, archives)]
    if absent:
        return {"status": "failed", "error": {"kind": "exception", "type": "ModuleNotFoundError", "message": f"No module named {absent[0]!r}, which was to be included"}}
    lost = sorted({name.partition(".")[0] for name in wanted if not _is_module(name.partition(".")[0], archives)})
    failed = []
    for name in [*at_once, *asked]:
        if name not in sys.modules and _is_module(name, archives):
            try:
                __import__(name)
            except BaseException as error:
                failed.append(f"{name}: {type(error).__name__}: {error}")
    sources = request.get("sources", True)
    # Of a package all is kept, so what any of it imports may be asked for.
    given = [name for _, files, _ in packages for name in _names(files)]
    closure = _closure([*at_once, *wanted, *asked, *given, *_ALWAYS], archives)
    later = _keep(closure, archives, sources)
    missing.left_out = frozenset(_names(archives[-1][1])) - later - sys.modules.keys()
    zipimport._get_data, zipimport._read_directory = _get_data, _read_directory
    zipimport.zipimporter.get_resource_reader = lambda importer, name: _Reader(importer, name)
    _opened.clear()
    for each in list(sys.path_importer_cache):
        if each.startswith(LIBRARY) or each in _directories:
            continue
        del sys.path_importer_cache[each]
    gc.collect()
    gc.freeze()
    _wand.baked()
    size = sum(len(data) for data in _held.values())
    value = {"loaded": sorted(closure & sys.modules.keys()), "kept": sorted(later), "bytes": size, "missing": lost, "failed": failed}
    return {"status": "completed", "result": {"source": "expression", "value": value}}


# ---- archives: a folder or a zip file by its path, with the names of its files and a function that reads one ----

_opened = {}


def _install(readers):
    _opened.update(readers)
    sys.path_hooks.insert(0, _hook)
    for archive, read in readers.items():
        if read is not _read_library:
            zipimport._zip_directory_cache[archive] = dict(_directories[archive])
    plain = zipimport._get_data
    zipimport._get_data = lambda archive, entry: _opened[archive](entry) if archive in _opened and archive != LIBRARY else plain(archive, entry)


def _open_folder(folder):
    """A folder as an archive: bytecode is beside its source, as zipimport looks for it."""
    files = {}
    for where, below, names in os.walk(folder):
        below.sort()
        for name in sorted(names):
            path = os.path.join(where, name)
            inside = path[len(folder) + 1 :]
            if os.path.basename(where) == "__pycache__":
                stem, tag, kind = name.rpartition(f".{sys.implementation.cache_tag}.")
                if not tag or kind != "pyc":
                    continue
                inside = os.path.join(os.path.dirname(os.path.dirname(inside)), f"{stem}.pyc")
            files[inside] = path
    for name in list(files):
        files.update({f"{parent}/": None for parent in _parents(name)})

    def read(entry):
        with open(files[entry[0][len(folder) + 1 :]], "rb") as file:
            return file.read()

    return folder, files, read


def _parents(name):
    while name := os.path.dirname(name):
        yield name


def _read_library(entry):
    return _plain_get_data(LIBRARY, entry)


_plain_get_data = zipimport._get_data


def _entry(archive, name):
    return (f"{archive}/{name}", 0, 0, 0, 0, 0, 0, 0)


def _hook(path):
    """Finds modules in what is kept: zipimport's own hook wants a file."""
    for archive in _directories:
        if path == archive or path.startswith(archive + "/"):
            found = zipimport.zipimporter.__new__(zipimport.zipimporter)
            found.archive = archive
            found.prefix = path[len(archive) + 1 :]
            if found.prefix:
                found.prefix += "/"
            return found
    raise ImportError(path)


def _get_data(archive, entry):
    """zipimport's, from memory."""
    try:
        return zlib.decompress(_held[entry[0]])
    except KeyError:
        raise OSError(2, "it was left out of this file", entry[0]) from None


def _read_directory(archive):
    """zipimport's, from memory."""
    if archive not in _directories:
        raise zipimport.ZipImportError(f"can't open Zip file: {archive!r}", path=archive)
    return dict(_directories[archive])


class _Resource:
    """A file or folder that is kept, as importlib.resources wants it."""

    def __init__(self, archive, path):
        self._archive, self._path = archive, path
        self.name = (path or archive).rpartition("/")[2]

    def _names(self):
        return _directories[self._archive]

    def is_file(self):
        return self._path in self._names()

    def is_dir(self):
        return not self._path or f"{self._path}/" in self._names()

    def iterdir(self):
        start = f"{self._path}/" if self._path else ""
        names = {name[len(start) :].partition("/")[0] for name in self._names() if name.startswith(start)}
        return (self.joinpath(name) for name in sorted(names - {""}))

    def joinpath(self, *parts):
        names = [each for part in (self._path, *map(str, parts)) for each in part.split("/") if each not in ("", ".")]
        return _Resource(self._archive, "/".join(names))

    __truediv__ = joinpath

    def read_bytes(self):
        if not self.is_file():
            raise FileNotFoundError(2, "No such file or directory", str(self))
        return _get_data(self._archive, self._names()[self._path])

    def read_text(self, encoding=None, errors=None):
        return self.open("r", encoding=encoding, errors=errors).read()

    def open(self, mode="r", *args, **keywords):
        file = io.BytesIO(self.read_bytes())
        return file if "b" in mode else io.TextIOWrapper(file, *args, **keywords)

    def __str__(self):
        return f"{self._archive}/{self._path}"


class _Reader:
    """Gives importlib.resources the files beside a module."""

    def __init__(self, importer, name):
        self._folder = _Resource(importer.archive, importer.prefix + name.rpartition(".")[2])

    def files(self):
        return self._folder

    def open_resource(self, name):
        return self._folder.joinpath(name).open("rb")

    def resource_path(self, name):
        raise FileNotFoundError(2, "what is inside this file has no path", name)

    def is_resource(self, name):
        return self._folder.joinpath(name).is_file()

    def contents(self):
        return (each.name for each in self._folder.iterdir())


# ---- what a program imports ----


def _locate(name, archives):
    """Returns the archive of a module, its path inside without the ending, and whether it is a package; None for one that is in no archive."""
    path = name.replace(".", "/")
    for archive in archives:
        for base, package in ((f"{path}/__init__", True), (path, False)):
            if f"{base}.pyc" in archive[1] or f"{base}.py" in archive[1]:
                return archive, base, package
    return None


def _is_module(name, archives):
    if name in sys.modules or name in sys.builtin_module_names or _locate(name, archives):
        return True
    path = name.replace(".", "/") + "/"
    return any(path in archive[1] for archive in archives)


def _code(name, archives):
    """Returns the code of a module in an archive and whether it is a package; None without one."""
    found = _locate(name, archives)
    if found is None:
        return None
    (archive, files, read), base, package = found
    if f"{base}.pyc" not in files:
        return None
    return marshal.loads(memoryview(read(_entry_of(archive, files, f"{base}.pyc")))[16:]), package


def _entry_of(archive, files, name):
    entry = files[name]
    return entry if type(entry) is tuple else _entry(archive, name)


def _imports(code, package):
    """Yields the modules that a piece of code imports, each as the names that it may be, and whether it does so itself rather than a function in it."""
    pending = [(code, True)]
    while pending:
        code, outer = pending.pop()
        argument, constants = 0, []
        text = code.co_code
        for at in range(0, len(text), 2):
            argument |= text[at + 1]
            if text[at] == _EXTENDED:
                argument <<= 8
                continue
            if text[at] == _LOAD_CONST:
                constants.append(code.co_consts[argument])
            elif text[at] == _IMPORT_NAME and len(constants) >= 2:
                for name in _imported(code.co_names[argument], constants[-2], constants[-1], package):
                    yield name, outer
            argument = 0
        pending += [(each, False) for each in code.co_consts if type(each) is type(code)]


_EXTENDED, _LOAD_CONST, _IMPORT_NAME = (opcode.opmap[name] for name in ("EXTENDED_ARG", "LOAD_CONST", "IMPORT_NAME"))


def _imported(name, level, names, package):
    if type(level) is not int or level and not package:
        return
    if level:
        base = package.rsplit(".", level - 1)[0] if level > 1 else package
        name = f"{base}.{name}" if name else base
    yield name
    for each in names if type(names) is tuple else ():
        yield f"{name}.{each}"


def _program_imports(code, archives):
    """Returns the modules that the program imports when it begins, in order, and all that it may import."""
    at_once, wanted = [], []
    for name, outer in _imports(code, None):
        if outer and _is_module(name, archives):
            at_once.append(name)
        wanted.append(name)
    # importlib.import_module("x") and the like: a text that is the name of a module of the library.
    if any(name.partition(".")[0] == "importlib" for name in wanted) or "__import__" in code.co_names:
        wanted += [text for text in _texts(code) if text.replace(".", "").isidentifier() and _locate(text, archives)]
    # What is no module may be a name in one.
    wanted = [name for name in wanted if "." not in name or _is_module(name, archives)]
    return list(dict.fromkeys(at_once)), list(dict.fromkeys(wanted))


def _texts(code):
    pending = [code]
    while pending:
        for each in pending.pop().co_consts:
            if type(each) is str:
                yield each
            elif type(each) is type(code):
                pending.append(each)


def _closure(names, archives):
    """Returns the modules of the archives that are imported by these modules, now or later."""
    found, pending = set(), list(names)
    while pending:
        name = pending.pop()
        if name in found:
            continue
        loaded = _code(name, archives)
        if loaded is None:
            continue
        found.add(name)
        code, package = loaded
        if "." in name:
            pending.append(name.rpartition(".")[0])
        pending += _HIDDEN.get(name, ())
        family = name.partition(".")[0]
        for each, _ in _imports(code, name if package else name.rpartition(".")[0]):
            if each.partition(".")[0] not in _ASIDE or each.partition(".")[0] == family:
                pending.append(each)
        if name in ("encodings", "tzdata"):
            pending += [each for each in _names(archives[-1][1]) if each.startswith(f"{name}.")]
    return found


def _names(files):
    for file in files:
        if file.endswith(".pyc"):
            yield file[:-4].removesuffix("/__init__").replace("/", ".")


# ---- what is kept ----


def _keep(closure, archives, sources):
    """Keeps the files of the modules: the source for tracebacks, and the bytecode of those that are not loaded. Of a package that was given, all
    files are kept. Returns the modules that can be loaded later."""
    later = set()
    library, files, read = archives[-1]
    kept = {}
    for name in closure:
        archive, base, _ = _locate(name, archives)
        if archive[0] != library:
            continue
        if name not in sys.modules:
            later.add(name)
            kept[f"{base}.pyc"] = files[f"{base}.pyc"]
        if sources and f"{base}.py" in files:
            kept[f"{base}.py"] = files[f"{base}.py"]
    if "tzdata" in closure:
        kept.update((name, files[name]) for name in files if name.startswith("tzdata/") and not name.endswith((".py", "/")))
    for name in sorted(kept):
        _held[kept[name][0]] = zlib.compress(read(kept[name]), 9)
    _directories[library] = kept | {f"{parent}/": _entry(library, f"{parent}/") for name in kept for parent in _parents(name)}
    zipimport._zip_directory_cache[library] = dict(_directories[library])
    for archive, files, read in archives[:-1]:
        later.update(name for name in _names(files) if name not in sys.modules)
        for name, path in files.items():
            if path is not None and (sources or not name.endswith(".py") or f"{name}c" not in files):
                _held[f"{archive}/{name}"] = zlib.compress(read(_entry(archive, name)), 9)
    return later
