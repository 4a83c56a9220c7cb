"""Finds the next step for an exception: the nearest name, key or argument, the length beside the index, what was None and which function gave it.

Works on what the frame of the failure holds and on the program's text. Nothing here runs the program's code: values are looked at only where
their types are Python's own.
"""

import ast
import difflib
import inspect
import linecache
import os
import re
import sys
import types

from _wand_guest import missing

# Functions defined from here on have builtins of their own: the program may replace or empty everybody else's.
__builtins__ = dict(vars(__import__("builtins")))

TEXT = 200_000  # characters of a program that is still parsed
_PLAIN_KEYS = (str, int, float, bool, type(None), bytes)
_builtins = dict(__builtins__)


class Place:
    """Where an exception was raised: the frame, the position in the program's text, and its syntax tree where there is one."""

    def __init__(self, frame, position, line, direct):
        self.frame = frame
        self.file = frame.f_code.co_filename
        self.line = line or 0
        self.direct = direct  # by this very frame, not by a library below it
        self.tree = parse(self.file)
        self.node = _find(self.tree, position) if direct else None

    def lines(self):
        """The text of the failing statement, or of its line."""
        last = min(getattr(self.node, "end_lineno", None) or self.line, self.line + 5)
        return "".join(linecache.getline(self.file, number) for number in range(self.line, last + 1))

    def source(self, node):
        text = ast.get_source_segment("".join(linecache.getlines(self.file)), node) or ""
        return " ".join(text.split())[:80]


class Unknown(Exception):
    """A value that cannot be had without running the program."""


def parse(file):
    lines = linecache.getlines(file)
    if not lines or sum(map(len, lines)) > TEXT:
        return None
    try:
        return ast.parse("".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _find(tree, position):
    """Returns the expression at a position (line, end line, column, end column)."""
    if tree is None or position is None:
        return None
    found = None
    for node in ast.walk(tree):
        if isinstance(node, (ast.expr, ast.stmt)) and (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset) == position:
            if found is None or isinstance(found, ast.stmt):
                found = node
    return found


def peek(node, frame):
    """Returns the value of an expression as far as that is certain to run nothing of the program."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        for names in (frame.f_locals, frame.f_globals, _builtins):
            if node.id in names:
                return names[node.id]
        raise Unknown
    if isinstance(node, ast.Attribute):
        held = _held(peek(node.value, frame))
        if node.attr in held:
            return held[node.attr]
        raise Unknown
    if isinstance(node, ast.Subscript):
        base, key = peek(node.value, frame), peek(node.slice, frame)
        if type(base) in (dict, list, tuple, str) and type(key) in _PLAIN_KEYS:
            try:
                return base[key]
            except (LookupError, TypeError):
                raise Unknown from None
        raise Unknown
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len" and len(node.args) == 1 and not node.keywords:
        value = peek(node.args[0], frame)
        if peek(node.func, frame) is _builtins["len"] and type(value) in (dict, list, tuple, str, set, frozenset, bytes, range):
            return len(value)
        raise Unknown
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = peek(node.operand, frame)
        if type(value) in (int, float):
            return -value
        raise Unknown
    if isinstance(node, ast.BinOp):
        left, right = peek(node.left, frame), peek(node.right, frame)
        if type(left) in (int, float) and type(right) in (int, float) and max(abs(left), abs(right)) < 1 << 62:
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, ast.Mod) and right:
                return left % right
        raise Unknown
    raise Unknown


def _held(value):
    """Returns the attributes that an object holds itself."""
    try:
        held = object.__getattribute__(value, "__dict__")
    except Exception:
        return {}
    return held if type(held) is dict else {}


def nearest(name, known):
    """Returns the name that another most likely meant, or None."""
    if type(name) is not str or len(name) > 100:
        return None
    known = [each for each in known if type(each) is str and len(each) <= 100][:2000]
    folded = name.casefold().replace("_", "")
    for each in known:
        if each != name and each.casefold().replace("_", "") == folded:
            return each
    found = difflib.get_close_matches(name, known, 1, 0.6)
    return found[0] if found and found[0] != name else None


def hint(error, place):
    """Returns one next step, or None."""
    for kind, advise in _ADVICE:
        if isinstance(error, kind):
            try:
                found = advise(error, place)
            except Unknown:
                found = None
            if found:
                return found
    return None


# ---- names ----


def _message(error):
    return str(error) if type(error).__str__ in (BaseException.__str__, KeyError.__str__, OSError.__str__, ImportError.__str__) else ""


def _unbound(error, place):
    name = error.name if type(error.name) is str else (re.search(r"variable '(\w+)'", _message(error)) or ("", ""))[1]
    if not name:
        return None
    if name in place.frame.f_globals:
        return f"{name} is assigned somewhere in {place.frame.f_code.co_name}, which makes it local there: begin the function with global {name}, or use another name"
    return f"{name} has no value yet on this path: give it one before the branch or loop that may be skipped"


def _undefined(error, place):
    name = error.name
    if type(name) is not str:
        return None
    if name == "INPUT":
        return "INPUT is there when a run is given an input, which this one was not: write the data into the program, or read it from standard input or a file"
    names = {**place.frame.f_globals, **place.frame.f_locals}
    best = nearest(name, [each for each in names if not each.startswith("__")] + list(_builtins))
    if "self" in place.frame.f_locals and name in _attributes(place.frame.f_locals["self"]):
        return f"did you mean self.{name}?"
    if name in sys.stdlib_module_names:
        return f"add import {name} at the top"
    if best:
        return f"did you mean {best}?{_made(place, best)}"
    later = _definition(place.tree, name)
    if later is not None:
        return f"{name} is defined at line {later.lineno}, which has not run yet: define it before it is used"
    for module, members in _MEMBERS.items():
        if name in members.split():
            return f"add from {module} import {name} at the top"
    return f"nothing is called {name}: define it before line {place.line}, or import it"


_MEMBERS = {
    "collections": "defaultdict Counter deque OrderedDict namedtuple ChainMap",
    "itertools": "permutations combinations product chain accumulate groupby islice combinations_with_replacement zip_longest pairwise",
    "functools": "reduce lru_cache cache partial wraps cmp_to_key total_ordering",
    "math": "sqrt gcd ceil floor factorial pi comb isqrt log prod inf",
    "typing": "List Dict Tuple Optional Set Any Union Callable Iterable",
    "datetime": "datetime timedelta date",
    "dataclasses": "dataclass field",
    "heapq": "heappush heappop heapify nlargest nsmallest",
    "bisect": "bisect_left bisect_right insort",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "pathlib": "Path",
    "string": "ascii_lowercase ascii_uppercase ascii_letters digits punctuation",
    "statistics": "mean median stdev mode",
    "copy": "deepcopy",
    "enum": "Enum IntEnum auto",
    "abc": "ABC abstractmethod",
    "random": "randint shuffle choice",
}


def _made(place, name):
    """Says where the program makes a name, when that is another line."""
    for node in ast.walk(place.tree) if place.tree is not None else ():
        line = 0
        if isinstance(node, ast.arg) and node.arg == name:
            line, what = node.lineno, "is a parameter"
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            line, what = node.lineno, "is defined"
        elif isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Store):
            line, what = node.lineno, "is set"
        elif isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            line, what = node.lineno, "is set"
        if line and line != place.line:
            return f" {name} {what} at line {line}"
    return ""


def _definition(tree, name):
    """Returns the statement at the top level that makes a name."""
    for node in tree.body if tree is not None else ():
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == name:
            return node
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
            return node
    return None


def _attribute(error, place):
    name, owner = error.name, getattr(error, "obj", None)
    if type(name) is not str:
        return None
    if owner is None:
        return _none(place, place.node.value, f"its attribute {name} is used") if isinstance(place.node, ast.Attribute) else _none_named(place)
    kind = type(owner)
    known = _attributes(owner)
    best = _ALIASES.get((kind, name)) or nearest(name, [each for each in known if not each.startswith("_")]) or nearest(name, known)
    if best:
        return f"did you mean {best}?{_made(place, best)}"
    shown = f"module {owner.__dict__.get('__name__')}" if kind is types.ModuleType else _kind_name(kind)
    own = [each for each in _held(owner) if type(each) is str and not each.startswith("_")] if kind is not types.ModuleType else []
    if own:
        return f"a {shown} has {', '.join(own[:12])}: use one of them, or set {name} in its __init__"
    public = [each for each in known if not each.startswith("_")]
    return f"a {shown} has no {name}; it has {', '.join(public[:16])}{', ...' if len(public) > 16 else ''}" if public else None


# What other languages call it.
_ALIASES = {
    (list, "push"): "append", (list, "add"): "append", (list, "length"): "len(...)", (list, "size"): "len(...)", (list, "contains"): "the operator in",
    (list, "push_back"): "append", (list, "addAll"): "extend", (list, "concat"): "extend", (list, "map"): "a comprehension", (list, "filter"): "a comprehension",
    (list, "join"): "separator.join(list)", (list, "indexOf"): "index", (list, "shape"): "len(...)", (list, "find"): "index",
    (str, "length"): "len(...)", (str, "substring"): "a slice, text[start:end]", (str, "charAt"): "text[i]", (str, "toUpperCase"): "upper", (str, "toLowerCase"): "lower",
    (str, "trim"): "strip", (str, "contains"): "the operator in", (str, "includes"): "the operator in", (str, "append"): "the operator +",
    (str, "decode"): "nothing: it is text already", (str, "sort"): "sorted(text)", (str, "reverse"): "text[::-1]",
    (dict, "has_key"): "the operator in", (dict, "iteritems"): "items", (dict, "add"): "d[key] = value", (dict, "length"): "len(...)", (dict, "sort"): "sorted(d)",
    (set, "append"): "add", (set, "push"): "add", (set, "extend"): "update", (tuple, "append"): "a list", (tuple, "sort"): "sorted(...)",
}


def _attributes(owner):
    """Returns the names of an object's attributes without asking it."""
    if type(owner) is types.ModuleType:
        return [each for each in owner.__dict__ if type(each) is str]
    found = dict.fromkeys(each for each in _held(owner) if type(each) is str)
    # Of an object its class's, of a class its own and its parents'.
    for base in type.__dict__["__mro__"].__get__(owner if isinstance(owner, type) else type(owner)):
        found.update(dict.fromkeys(type.__dict__["__dict__"].__get__(base)))
        slots = type.__dict__["__dict__"].__get__(base).get("__slots__")
        if type(slots) in (tuple, list):
            found.update(dict.fromkeys(slots))
    return list(found)


def _kind_name(kind):
    return type.__dict__["__name__"].__get__(kind)


def _import(error, place):
    name = error.name if type(error.name) is str else ""
    wanted = getattr(error, "name_from", None)
    if type(wanted) is str and name in sys.modules:
        module = sys.modules[name]
        known = [each for each in getattr(module, "__dict__", {}) if type(each) is str and not each.startswith("_")]
        best = nearest(wanted, known)
        return f"did you mean {best}?" if best else f"{name} has no {wanted}; it has {', '.join(known[:16])}{', ...' if len(known) > 16 else ''}"
    if not isinstance(error, ModuleNotFoundError) or not name:
        return None
    head, _, rest = name.partition(".")
    known = set(sys.stdlib_module_names) | {"tools", "requests", "matplotlib"} | set(_own_modules())
    if missing.known(head):
        return f"leave {head} out: {missing.reason(head)}"
    if head in known:
        return None
    best = nearest(head, sorted(each for each in known if not each.startswith("_")))
    if best:
        return f"did you mean {best}{'.' + rest if rest else ''}?"
    return f"do without {head}: {missing.PACKAGES}; nothing can be installed while a program runs"


def _own_modules():
    """Yields the names of modules in the program's folder and in its packages."""
    for folder in sys.path:
        if type(folder) is not str or folder.endswith(".zip"):
            continue
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names[:500]:
            if name.endswith(".py") or "." not in name:
                yield name.removesuffix(".py")


# ---- keys and indices ----


def _key(error, place):
    key = error.args[0] if len(error.args) == 1 else None
    node = place.node
    base = None
    if isinstance(node, ast.Subscript):
        base = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        base = node.func.value
    if base is None:
        return None
    value = peek(base, place.frame)
    what = place.source(base)
    if issubclass(type(value), dict):
        keys = list(dict.keys(value))
    elif issubclass(type(value), (set, frozenset)):
        return f"{what} does not hold {key!r}: use discard, or ask with in first" if type(key) in _PLAIN_KEYS else None
    else:
        return None
    if not keys:
        return f"{what} is empty: fill it first, or use {what}.get(key, default)"
    best = nearest(key, keys)
    if best is not None:
        return f"did you mean {best!r}? {what} has {_listed(keys)}"
    if type(key) is str and key.isdigit() and int(key) in keys:
        return f"the keys of {what} are numbers: use {int(key)} instead of {key!r}"
    if type(key) is int and str(key) in keys:
        return f"the keys of {what} are strings: use {str(key)!r} instead of {key}"
    return f"{what} has {_listed(keys)}: use one of them, or {what}.get(key, default)"


def _listed(keys):
    shown = [repr(each)[:40] if type(each) in _PLAIN_KEYS else f"<{_kind_name(type(each))}>" for each in keys[:8]]
    return f"the keys {', '.join(shown)}{', ...' if len(keys) > 8 else ''}" if len(keys) != 1 else f"the key {shown[0]}"


def _index(error, place):
    node = place.node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        value = peek(node.func.value, place.frame)
        if type(value) is list and not value:
            return f"{place.source(node.func.value)} is empty here: check it before {node.func.attr}"
        return None
    if not isinstance(node, ast.Subscript):
        return None
    value = peek(node.value, place.frame)
    what = place.source(node.value)
    if not issubclass(type(value), (list, tuple, str, bytes, range)):
        return None
    count = len(value) if type(value) in (list, tuple, str, bytes, range) else (list if issubclass(type(value), list) else tuple).__len__(value)
    if count == 0:
        return f"{what} is empty here: check that it has items before it is indexed"
    try:
        index = peek(node.slice, place.frame)
    except Unknown:
        index = None
    given = f"; the index {place.source(node.slice)} was {index}" if type(index) is int and not isinstance(node.slice, ast.Constant) else ""
    return f"{what} has {count} item{'s' if count > 1 else ''}, so its indices end at {count - 1}{given}: stop one earlier, or check the bound"


# ---- calls ----


def _type(error, place):
    message = _message(error)
    found = re.match(r"(?:(?:<locals>|[\w.<>])+\.)?(\w+)\(\) (missing \d+ required|takes |got (?:an unexpected|multiple values|some positional))", message)
    if found:
        return _arguments(message, found[1], place)
    if "NoneType" in message:
        found = _none_involved(place, message) or _forgetful(place)
        if found:
            return found
    found = re.match(r"'(\w+)' object is not callable", message)
    if found and isinstance(place.node, ast.Call):
        what = place.source(place.node.func)
        if what in _builtins:
            return f"{what} is a variable of the program that hides the builtin: give the variable another name"
        return f"{what} is a {found[1]}, not a function: remove the parentheses, or use [ ] to index; is an operator or a comma missing?"
    text = _numeric_text(place) if "str" in message else None
    if text:
        return text
    if "can only concatenate str" in message or re.search(r"for \+: '(int|float)' and 'str'", message) or re.search(r"for \+: 'str' and", message):
        return f"text and numbers do not add: use {_converted(place)} or an f-string to join text, or int(...) to calculate"
    if "unsupported operand" in message or "not supported between instances" in message:
        if "'str'" in message and re.search("'(int|float)'", message):
            return "one side is text, the other a number: convert the text with int(...) or float(...) where it is read"
        return _operands(place)
    if "indices must be integers" in message:
        if message.endswith("not str"):
            return "this is a list, not a dict: take one of its items with a number first, or loop over them"
        if message.endswith("not float"):
            return "an index must be an int: use // instead of /, or int(...)"
        if message.endswith("not tuple"):
            return "lists take one index at a time: rows[i][j] instead of rows[i, j]"
    if "unhashable type" in message:
        return "only values that cannot change can be keys or members of a set: use tuple(...) for a list, frozenset(...) for a set"
    if "does not support item assignment" in message:
        return "this type cannot be changed in place: build a new value, or turn it into a list first"
    if "is not JSON serializable" in message:
        return "JSON holds dicts with string keys, lists, strings, numbers, booleans and None: convert the value, or pass default=str"
    if re.match(r"'(int|float)' object is not (iterable|subscriptable)", message):
        return "this is a single number: wrap it in a list, or use range(n) to count"
    if re.match(r"object of type '(\w+)' has no len", message):
        return "only collections have a length: use list(...) on a generator, or check what the value is"
    found = re.match(r"'(\w+)' is an invalid keyword argument for (\w+)|(\w+)\(\) got an unexpected", message)
    return None


def _numeric_text(place):
    """Explains a text that looks like a number and is used as one: where the program gives it."""
    node = place.node
    if isinstance(node, ast.BinOp):
        sides = [node.left, node.right]
    elif isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
    elif isinstance(node, ast.AugAssign):
        sides = [node.target, node.value]
    elif isinstance(node, ast.Call):
        sides = node.args
    else:
        return None
    for side in sides:
        try:
            value = peek(side, place.frame)
        except Unknown:
            continue
        if type(value) is not str or not re.fullmatch(r"[+-]?\d+(\.\d+)?", value):
            continue
        lines = [each.lineno for each in ast.walk(place.tree) if isinstance(each, ast.Constant) and each.value == value] if place.tree is not None else []
        given = f", given at line {lines[0]}" if len(lines) == 1 else ""
        return f"{place.source(side)} is the text {value!r} (a str){given}: write the number without quotes there, or convert it with int(...)"
    return None


def _converted(place):
    node = place.node
    if isinstance(node, ast.BinOp):
        for side in (node.right, node.left):
            try:
                if type(peek(side, place.frame)) in (int, float):
                    return f"str({place.source(side)})"
            except Unknown:
                pass
    return "str(...)"


def _operands(place):
    node = place.node
    if not isinstance(node, (ast.BinOp, ast.Compare)):
        return None
    sides = [node.left, node.right if isinstance(node, ast.BinOp) else node.comparators[0]]
    kinds = []
    for side in sides:
        try:
            kinds.append(f"{place.source(side)} is a {_kind_name(type(peek(side, place.frame)))}")
        except Unknown:
            pass
    return f"{' and '.join(kinds)}: convert one, or use the part of it that is meant" if kinds else None


def _arguments(message, name, place):
    """The signature of the function that was called wrongly, from the program's text or from the function."""
    signature, line = None, 0
    wanted = None
    if place.tree is not None:
        for node in ast.walk(place.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
                signature, line, wanted = ast.unparse(node.args), node.lineno, [each.arg for each in node.args.posonlyargs + node.args.args + node.args.kwonlyargs]
                if name == "__init__":
                    owner = re.search(r"(\w+)\.__init__\(\)", message)
                    cls = next((each for each in ast.walk(place.tree) if isinstance(each, ast.ClassDef) and node in each.body), None)
                    if owner and cls is not None and cls.name != owner[1]:
                        continue
                    name = cls.name if cls is not None else name
                break
    if signature is None and isinstance(place.node, ast.Call):
        function = peek(place.node.func, place.frame)
        if isinstance(function, (types.FunctionType, types.BuiltinFunctionType, type)):
            try:
                found = inspect.signature(function)
                signature, wanted = str(found)[1:-1], list(found.parameters)
            except (ValueError, TypeError):
                pass
    if signature is None:
        return None
    at = f" (line {line})" if line else ""
    keyword = re.search(r"unexpected keyword argument '(\w+)'", message)
    if keyword:
        best = nearest(keyword[1], wanted or [])
        if best:
            return f"did you mean {best}? It is {name}({signature}){at}"
    return f"call it as {name}({signature}){at}"


# ---- None ----


def _none_involved(place, message):
    """What on the failing place is None."""
    node = place.node
    candidates = []
    if "not iterable" in message and isinstance(node, ast.expr):
        candidates = [node]
    elif isinstance(node, ast.BinOp):
        candidates = [node.left, node.right]
    elif isinstance(node, ast.Compare):
        candidates = [node.left, *node.comparators]
    elif isinstance(node, ast.Subscript):
        candidates = [node.value]
    elif isinstance(node, ast.Call):
        candidates = [each for each in (node.func, *node.args) if not isinstance(each, ast.Call)]
    elif isinstance(node, ast.AugAssign):
        candidates = [node.target, node.value]
    elif isinstance(node, ast.expr):
        candidates = [node]
    for each in candidates:
        if isinstance(each, ast.Call) and len(candidates) > 1 and not _giver(place, each):
            continue  # which side it was is not known
        found = _none(place, each, None)
        if found:
            return found
    return _none_named(place)


def _none_named(place):
    """A variable on the failing line that is None."""
    for word in dict.fromkeys(re.findall(r"[^\W\d]\w*", linecache.getline(place.file, place.line))):
        if word in place.frame.f_locals and place.frame.f_locals[word] is None:
            return _none(place, ast.Name(word), None)
    return None


def _none(place, node, doing):
    """Explains an expression that is None: the call that gave it, and whether that function forgets to return."""
    doing = f" where {doing}" if doing else ""
    if isinstance(node, ast.Call):
        return f"{place.source(node)} gave None{doing}: {_giver(place, node) or 'check what it returns'}"
    try:
        if peek(node, place.frame) is not None:
            return None
    except Unknown:
        return None
    what = node.id if isinstance(node, ast.Name) else place.source(node)
    reason = None
    if isinstance(node, ast.Name):
        call, line = _assigned(place, node.id)
        if call is not None:
            reason = _giver(place, call)
            reason = f"it is the value of {place.source(call)} (line {line}): {reason or 'check for None before it is used'}"
    return f"{what} is None here{doing}: {reason or 'check where it gets its value, or test for None first'}"


def _assigned(place, name):
    """Returns the call whose value a name got last before the failing line, and its line."""
    best = (None, 0)
    for node in ast.walk(place.tree) if place.tree is not None else ():
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Call) and best[1] < node.lineno <= place.line:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                best = (node.value, node.lineno)
    return best


_IN_PLACE = {"sort": "sorted(...)", "reverse": "reversed(...)", "append": "it on a line of its own", "extend": "it on a line of its own", "update": "it on a line of its own",
             "add": "it on a line of its own", "insert": "it on a line of its own", "remove": "it on a line of its own", "clear": "it on a line of its own", "shuffle": "it on a line of its own"}


def _giver(place, call):
    """Says why a call gives None, where the program's text tells."""
    name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else None
    if name is None or place.tree is None:
        return None
    for node in ast.walk(place.tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return forgets_return(node)
    if isinstance(call.func, ast.Attribute) and name in _IN_PLACE:
        return f"{name} changes its object and returns None: use {_IN_PLACE[name]}"
    if isinstance(call.func, ast.Attribute) and name in ("match", "search", "fullmatch"):
        return "the pattern was not found: test for None first"
    if name == "print":
        return "print returns None: return the value instead of printing it"
    if isinstance(call.func, ast.Attribute) and name == "get":
        return "the key is missing: give get a default"
    return None


def _forgetful(place):
    """Names a function of the program whose value is used and that never returns one."""
    if place.tree is None:
        return None
    functions = {node.name: node for node in ast.walk(place.tree) if isinstance(node, ast.FunctionDef)}
    ignored = {id(node.value) for node in ast.walk(place.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(place.tree):
        if isinstance(node, ast.Call) and id(node) not in ignored:
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else None
            if name in functions and not any(isinstance(each, ast.Return) and each.value is not None for each in _own_nodes(functions[name])):
                found = forgets_return(functions[name])
                if found:
                    return found
    return None


def forgets_return(function):
    """Says whether a function can end without a return, which gives None."""
    returns = [node for node in _own_nodes(function) if isinstance(node, ast.Return) and node.value is not None]
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _own_nodes(function)):
        return None
    if not returns:
        return f"{function.name} (line {function.lineno}) has no return: add return with its result at its end (line {function.body[-1].end_lineno})"
    if _falls_through(function.body):
        return f"{function.name} (line {function.lineno}) can reach its end (line {function.body[-1].end_lineno}) without return: add one there"
    return None


def _own_nodes(function):
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))


def _falls_through(body):
    last = body[-1]
    if isinstance(last, (ast.Return, ast.Raise)):
        return False
    if isinstance(last, ast.If):
        return not last.orelse or _falls_through(last.body) or _falls_through(last.orelse)
    if isinstance(last, (ast.With, ast.AsyncWith)):
        return _falls_through(last.body)
    if isinstance(last, ast.Try):
        if last.finalbody and not _falls_through(last.finalbody):
            return False
        return _falls_through(last.orelse or last.body) or any(_falls_through(each.body) for each in last.handlers)
    if isinstance(last, ast.While) and isinstance(last.test, ast.Constant) and last.test.value:
        return any(isinstance(node, ast.Break) for node in ast.walk(last))
    if isinstance(last, ast.Match):
        return True
    return True


# ---- values ----


def _zero(error, place):
    node = place.node
    if isinstance(node, ast.AugAssign):
        divisor = node.value
    elif isinstance(node, ast.BinOp):
        divisor = node.right
    else:
        return None
    what = place.source(divisor)
    if isinstance(divisor, ast.Call) and what.startswith("len("):
        return f"{what} is 0: handle the empty case before dividing"
    return f"the divisor {what} is 0 here: test for 0 before dividing, or find out why it is 0"


def _value(error, place):
    message = _message(error)
    found = re.match(r"(not enough|too many) values to unpack \(expected (?:at least )?(\d+)(?:, got (\d+))?", message)
    if found:
        got = f"has {found[3]} values" if found[3] else "has more values"
        return f"the right side {got}, the left {found[2]} names: unpack as many as there are, or use *rest"
    if message.startswith("invalid literal for int()") or message.startswith("could not convert string to float"):
        return "the text is no number: strip it, skip what is no number, or use float(...) for decimals"
    if re.match(r"(min|max)\(\) (iterable )?arg(ument)? is (an )?empty", message):
        return "the sequence is empty here: check that first, or give default=..."
    if "x not in list" in message or "is not in list" in message or "substring not found" in message:
        return "ask with in first, or use find, which gives -1 for text"
    if "math domain error" in message:
        return "the argument is outside what the function takes, such as a negative number for sqrt or 0 for log: check it first"
    if type(error).__name__ == "JSONDecodeError":
        return "the text is not JSON at that place: look at it with print(repr(text[:80])); JSON wants double quotes"
    return None


def _file(error, place):
    path = error.filename
    if type(path) is not str:
        return None
    folder, name = os.path.split(path)
    folder = folder or "."
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return f"the folder {folder} does not exist: give the files with the run, or create it with os.makedirs"
    best = nearest(name, names)
    if best:
        return f"did you mean {os.path.join(os.path.dirname(path), best)!r}?"
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return f"the folder {os.path.abspath(folder)} has {shown or 'nothing'}: use a file that was given to the run, or write it first"


def _recursion(error, place):
    function = place.frame.f_code.co_name
    return f"{function} calls itself without an end: check the case that should stop it, and that each call comes nearer to it"


def _assertion(error, place):
    """Of a failed comparison with None on one side: which function gave it."""
    sides = _held(error).get("_wand_sides")
    if type(sides) is tuple and len(sides) == 3 and sides[0] is None and isinstance(place.node, (ast.Compare, ast.Name, ast.Call)):
        left = place.node.left if isinstance(place.node, ast.Compare) else place.node
        call = left if isinstance(left, ast.Call) else _assigned(place, left.id)[0] if isinstance(left, ast.Name) else None
        if call is not None:
            reason = _giver(place, call)
            if reason:
                return f"{place.source(call)} gave None: {reason}"
    if type(sides) is tuple and len(sides) == 3 and (sides[0] is None or type(sides[0]) is list and None in [each for each in sides[0] if each is None]):
        return _forgetful(place)
    return None


def _stop(error, place):
    return "the iterator has no more items: use next(iterator, default), or a for loop"


_ADVICE = (
    (UnboundLocalError, _unbound),
    (NameError, _undefined),
    (AttributeError, _attribute),
    (ImportError, _import),
    (KeyError, _key),
    (IndexError, _index),
    (TypeError, _type),
    (ZeroDivisionError, _zero),
    (FileNotFoundError, _file),
    (RecursionError, _recursion),
    (ValueError, _value),
    (AssertionError, _assertion),
    (StopIteration, _stop),
)
