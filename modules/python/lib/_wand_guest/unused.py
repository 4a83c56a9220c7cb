"""Imports that fail and that nobody misses: a program that imports a module which does not exist, and then never uses it. Models write such imports out
of habit. The names are bound to stubs, and a warning takes the error's place.

It has to be certain that the program cannot tell: the import stands at the top level before anything but imports, definitions and constants, so that
nothing can have made the module and nothing catches the error; no name that it binds is read anywhere; and nothing is there that reads names in other
ways. A program about which any of this is doubtful gets its error.
"""

import ast
import re
import sys
from importlib import machinery

from _wand_guest import missing

# Functions defined from here on have builtins of their own: the program may replace or empty everybody else's.
__builtins__ = dict(vars(__import__("builtins")))

TEXT = 200_000  # characters of a program that is still looked at
_heads = re.compile(r"^[ \t]*(?:import|from)[ \t]+(.+)$", re.MULTILINE).findall
_names = re.compile(r"[^\W\d]\w*").findall
# Modules of Python's own that do not exist here.
_ABSENT = frozenset(missing.REASONS) - {"resource"}
_PRESENT = missing.STDLIB - _ABSENT
# Ways to a name that are no reading of it.
_TRICKS = frozenset("""
    eval exec compile globals locals vars dir getattr hasattr setattr delattr __import__ importlib import_module __dict__ __globals__ __builtins__ __loader__ f_globals
    f_locals f_back gi_frame cr_frame tb_frame _getframe currentframe modules meta_path path_hooks get_type_hints timeit cProfile profile doctest runpy
    code codeop inspect mock patch pickle __main__ settrace setprofile breakpoint pdb sys_modules annotationlib help
""".split())


class Stub:
    """Stands for a module, or for something of it, that does not exist. Any use raises the error that the import was spared."""

    __slots__ = ("_wand_name", "_wand_message")

    def __init__(self, name, message):
        object.__setattr__(self, "_wand_name", name)
        object.__setattr__(self, "_wand_message", message)


def _use(self, *args, **kwargs):
    raise ModuleNotFoundError(object.__getattribute__(self, "_wand_message"), name=object.__getattribute__(self, "_wand_name"))


for _name in """
    getattribute setattr delattr call repr str format bytes hash bool len iter next reversed contains getitem setitem delitem eq ne lt le gt ge
    add radd iadd sub rsub mul rmul matmul rmatmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow and rand or ror xor rxor lshift rshift
    neg pos abs invert int float complex index round enter exit aenter aexit await aiter anext instancecheck subclasscheck mro_entries dir class_getitem
    reduce_ex copy deepcopy sizeof
""".split():
    setattr(Stub, f"__{_name}__", _use)
del _name


def candidates(source):
    """Returns whether a program imports anything that may not exist. This much happens in every run of a program with an import."""
    for rest in _heads(source):
        # import a.b as c, d: all words are looked at, which finds too much rather than too little.
        for word in _names(rest.partition(" import ")[0]):
            if word not in _PRESENT and word not in ("as", "tools", "requests"):
                return True
    return False


def spare(source):
    """Returns (text, stubs, warnings) of a program without the imports that fail and are not missed, or None when it has none."""
    if len(source) > TEXT:
        return None
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    spared = []
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            absent = _absent(node)
            if absent is None:
                break  # what a module of the program's own does is not known
            if absent:
                spared.append((node, absent))
        elif not _inert(node):
            break
    if not spared:
        return None
    read = _read(tree)
    if read is None:
        return None
    imports = {}
    for node in ast.walk(tree):
        for head in _heads_of(node):
            imports[head] = imports.get(head, 0) + 1
    lines = source.splitlines(True)
    stubs, warnings, gone = {}, [], False
    for node, absent in reversed(spared):
        bound = {alias.asname or alias.name.partition(".")[0]: alias for alias in absent}
        heads = [head for alias in absent for head in [(node.module if isinstance(node, ast.ImportFrom) else alias.name).partition(".")[0]]]
        if "*" in bound or any(name in read for name in bound) or any(imports[head] != heads.count(head) for head in heads):
            continue
        if not _remove(lines, node, absent):
            continue
        gone = True
        for name, alias in bound.items():
            head = (node.module if isinstance(node, ast.ImportFrom) else alias.name).partition(".")[0]
            stubs[name] = Stub(head, f"No module named {head!r}; {missing.reason(head)}")
        for head in dict.fromkeys(heads):
            warnings.append({"kind": "unused_import", "message": f"{head} does not exist here; nothing uses it, so the program ran without it: remove the import", "line": node.lineno})
    return ("".join(lines), stubs, warnings[::-1]) if gone else None


def _heads_of(node):
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [node.module.partition(".")[0]] * len(node.names)
    return []


def _absent(node):
    """Returns the parts of an import whose module does not exist; None when the import runs code that is not Python's own."""
    if isinstance(node, ast.ImportFrom):
        if node.level or not node.module:
            return None
        names = [(node.module, alias) for alias in node.names]
    else:
        names = [(alias.name, alias) for alias in node.names]
    absent = []
    for name, alias in names:
        head = name.partition(".")[0]
        if head in _PRESENT or head in ("tools", "requests"):
            continue
        if head in sys.modules or _exists(head):
            return None
        absent.append(alias)
    return absent


def _exists(head):
    """Says whether any finder but ours knows a module."""
    try:
        for finder in sys.meta_path:
            if finder is not missing.Finder and finder.find_spec(head, None) is not None:
                return True
        return machinery.PathFinder.find_spec(head) is not None
    except Exception:
        return True


def _inert(node):
    """Says whether a statement does nothing but name things."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return _constant(node.value) and all(isinstance(target, ast.Name) for target in node.targets)
    if isinstance(node, ast.FunctionDef):
        arguments = node.args
        annotations = [each.annotation for each in arguments.posonlyargs + arguments.args + arguments.kwonlyargs if each.annotation]
        return not node.decorator_list and all(_constant(each) for each in arguments.defaults + [each for each in arguments.kw_defaults if each]) and not annotations and not node.returns
    return isinstance(node, ast.Pass)


def _constant(node):
    if isinstance(node, (ast.List, ast.Tuple)):
        return all(_constant(each) for each in node.elts)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Constant)


def _read(tree):
    """Returns all names that a program reads or deletes in any scope, or None when it may read names in ways that do not show."""
    read = {"result", "answer", "solution", "INPUT"}  # which the sandbox looks at
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if node.id in _TRICKS:
                return None
            if not isinstance(node.ctx, ast.Store):
                read.add(node.id)
        elif isinstance(node, ast.Attribute):
            if node.attr in _TRICKS:
                return None
        elif isinstance(node, ast.AugAssign):
            if isinstance(node.target, ast.Name):
                read.add(node.target.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            if any(part in _TRICKS for alias in node.names for part in alias.name.split(".")) or (getattr(node, "module", None) or "").partition(".")[0] in _TRICKS:
                return None
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if len(node.value) < 200 and node.value.isidentifier():
                read.add(node.value)  # an annotation in quotes, or a name that something looks up
        elif isinstance(node, (ast.arg, ast.AnnAssign, ast.FunctionDef)):
            quoted = getattr(node, "annotation", None) or getattr(node, "returns", None)
            if isinstance(quoted, ast.Constant) and isinstance(quoted.value, str):
                read.update(_names(quoted.value))
    return read


def _remove(lines, node, absent):
    """Takes names out of an import, in place and without moving anything else. Returns whether it could."""
    first, last = node.lineno - 1, node.end_lineno - 1
    head = lines[first].encode()[: node.col_offset]
    tail = lines[last].encode()[node.end_col_offset :]
    if head.strip() or tail.split(b"#")[0].strip():
        return False  # another statement on the line
    kept = [alias for alias in node.names if alias not in absent]
    text = "pass"
    if kept:
        node = ast.Import(kept) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, kept, node.level)
        text = ast.unparse(node)
    lines[first] = text + (tail.decode() if first == last else "\n")
    for index in range(first + 1, last + 1):
        lines[index] = tail.decode() if index == last else "\n"
    return True
