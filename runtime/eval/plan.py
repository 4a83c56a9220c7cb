# Runs in the sandbox, with INPUT a list of {"test", "list"}: finds the tests in the text of a data set. Its result is a list of {"tests"} or {"error"}.
import ast


class Source:
    """A text from which the source of a node can be cut; ast's own way to do it splits the text anew each time."""

    def __init__(self, text):
        # As the parser counts lines, which is not as str.splitlines does.
        self.lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "surrogatepass").split(b"\n")

    def of(self, node):
        first, last = node.lineno - 1, node.end_lineno - 1
        if first == last:
            cut = self.lines[first][node.col_offset : node.end_col_offset]
        else:
            cut = b"\n".join([self.lines[first][node.col_offset :], *self.lines[first + 1 : last], self.lines[last][: node.end_col_offset]])
        return cut.decode("utf-8", "replace")


def calls(node):
    return isinstance(node, ast.Call) or any(isinstance(part, ast.Call) for part in ast.walk(node))


def describe(node, source):
    """Says what an assertion compares."""
    found = {}
    if isinstance(node, ast.Assert):
        check = node.test
        if isinstance(check, ast.Compare) and len(check.ops) == 1 and isinstance(check.ops[0], (ast.Eq, ast.Is, ast.NotEq)):
            side = check.comparators[0] if calls(check.left) or not calls(check.comparators[0]) else check.left
            found["want"] = ("not " if isinstance(check.ops[0], ast.NotEq) else "") + source.of(side)[:400]
            found["left"] = side is not check.left
        elif isinstance(check, ast.UnaryOp) and isinstance(check.op, ast.Not):
            found["want"] = "a false value"
            found["truth"] = True
        elif isinstance(check, (ast.Call, ast.Name, ast.Subscript, ast.Attribute)):
            found["want"] = "a true value"
            found["truth"] = True
    return found


def asserts(node):
    return isinstance(node, ast.Assert) or any(isinstance(part, ast.Assert) or isinstance(part, ast.Call) and getattr(part.func, "attr", "").startswith("assert") for part in ast.walk(node))


def trivial(node):
    return isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant) and bool(node.test.value)


def plan(text):
    tree, source = ast.parse(text), Source(text)
    body = tree.body
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name == "check":
            body = node.body
    tests = []
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)) or not asserts(node) or trivial(node):
            continue
        first = {"line": node.lineno, "end": node.end_lineno, "indent": node.col_offset, "text": source.of(node)[:1000], **describe(node, source)}
        if tests and tests[-1]["end"] >= node.lineno:  # two on one line
            tests[-1]["end"] = node.end_lineno
            tests[-1]["text"] += "; " + first["text"]
        else:
            tests.append(first)
    return tests


def statement(text):
    try:
        body = ast.parse(text).body
    except SyntaxError:
        body = []
    return {"text": text[:1000], **(describe(body[0], Source(text)) if len(body) == 1 else {})}


def each(item):
    if item.get("list"):
        return {"tests": [statement(text) for text in item["list"]]}
    try:
        return {"tests": plan(item["test"])}
    except SyntaxError as error:
        return {"error": f"{error.msg} (line {error.lineno} of the test)"}
    except (ValueError, RecursionError, MemoryError) as error:
        return {"error": str(error) or type(error).__name__}


[each(item) for item in INPUT]
