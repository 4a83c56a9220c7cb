"""Packs the standard library and our own modules into python313.zip, each as bytecode and as source.

Run by the native Python that the recipe builds: bytecode must come from the same version. The zip depends on nothing but its input:
entries are sorted and dated 1980, and bytecode is of the unchecked-hash kind, which holds no time. Everything is stored, not deflated:
an import in a fork then costs a read. The sources are there for tracebacks and for inspect.
"""

import argparse
import binascii
import importlib.util
import marshal
import os
import re
import struct

ROOT = "/usr/lib/python313.zip/"

# What cannot work without threads, processes, a terminal, a network stack or a C compiler, and what nobody runs in a sandbox.
LEFT_OUT = {
    "test", "idlelib", "tkinter", "turtledemo", "ensurepip", "__pycache__", "site-packages", "turtle.py", "venv", "curses", "dbm",
    "lib-dynload", "_pyrepl", "__phello__", "__hello__.py", "pydoc_data", "_android_support.py", "_ios_support.py", "_apple_support.py",
    "_osx_support.py", "_aix_support.py", "antigravity.py", "this.py",
}


def modules(root, left_out):
    """Yields (name inside the zip, path) of every module below root, sorted."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in left_out)
        for file in sorted(files):
            if file.endswith(".py") and file not in left_out:
                path = os.path.join(folder, file)
                yield os.path.relpath(path, root).replace(os.sep, "/"), path


def data(root, wanted):
    """Yields (name inside the zip, path) of every other file below root that is wanted."""
    for folder, _, files in os.walk(root):
        for file in files:
            path = os.path.join(folder, file)
            name = os.path.relpath(path, root).replace(os.sep, "/")
            if not file.endswith((".py", ".pyc")) and wanted.search(name):
                yield name, path


def bytecode(name, source):
    """Compiles one module to the content of an unchecked-hash pyc."""
    code = compile(source, ROOT + name, "exec", dont_inherit=True, optimize=0)
    return importlib.util.MAGIC_NUMBER + struct.pack("<I", 1) + importlib.util.source_hash(source) + marshal.dumps(code)


def write_zip(path, entries):
    """Writes stored entries as a zip. The zipfile module would want more extension modules than the native Python has."""
    directory = []
    with open(path, "wb") as out:
        for name, content in entries:
            raw = name.encode()
            head = struct.pack("<HHHHHIIIHH", 20, 0x800, 0, 0, 33, binascii.crc32(content), len(content), len(content), len(raw), 0)
            directory.append(b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0o644 << 16, out.tell()) + raw)
            out.write(b"PK\3\4" + head + raw)
            out.write(content)
        start = out.tell()
        out.writelines(directory)
        end = out.tell()
        out.write(b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(directory), len(directory), end - start, start, 0))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True)
    parser.add_argument("--ours", required=True, action="append", help="a folder whose modules come instead of the library's; the last one that has a name gives it")
    parser.add_argument("--data", default="", help="a regular expression: files below --ours, other than modules, that go in as they are")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    found = dict(modules(options.library, LEFT_OUT))
    for ours in options.ours:
        found.update(modules(ours, {"__pycache__"}))
        if options.data:
            found.update(data(ours, re.compile(options.data)))
    entries = []
    for name in sorted(found):
        with open(found[name], "rb") as file:
            source = file.read()
        entries.append((name, source))
        if name.endswith(".py"):
            entries.append((name + "c", bytecode(name, source)))
    write_zip(options.out, entries)


main()
