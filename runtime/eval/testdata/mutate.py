# Breaks programs, the same way for the same seed. INPUT is a list of {"source", "entry", "seed", "count"}; the result a list of lists of programs, each
# with one change to the function that is under test. Runs in the sandbox.
import ast
import random

COMPARE = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}
ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Div: ast.FloorDiv, ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitXor: ast.BitOr, ast.BitAnd: ast.BitOr}


def off_by_one(node):
    node.value += 1


def other_text(node):
    node.value = node.value[:-1] if node.value else " "


def negate(node, field):
    setattr(node, field, ast.UnaryOp(ast.Not(), getattr(node, field)))


def changes(tree):
    """Returns what can be done to a function, each as a function without arguments."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Compare(ops=[op, *_]) if type(op) in COMPARE:
                found.append(lambda n=node, o=op: n.ops.__setitem__(0, COMPARE[type(o)]()))
            case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in ARITHMETIC:
                found.append(lambda n=node, o=op: setattr(n, "op", ARITHMETIC[type(o)]()))
            case ast.Constant(value=bool()):
                found.append(lambda n=node: setattr(n, "value", not n.value))
            case ast.Constant(value=int()):
                found.append(lambda n=node: off_by_one(n))
            case ast.BoolOp(op=op):
                found.append(lambda n=node, o=op: setattr(n, "op", ast.Or() if isinstance(o, ast.And) else ast.And()))
            case ast.If() | ast.IfExp() | ast.While():
                found.append(lambda n=node: negate(n, "test"))
            case ast.Return(value=ast.expr()):
                found.append(lambda n=node: setattr(n, "value", None))
            case ast.Subscript(slice=ast.Slice()):
                found.append(lambda n=node: setattr(n.slice, "step", ast.Constant(2)))
            case ast.Call(func=ast.Name(id="range"), args=[*args]) if args:
                found.append(lambda n=node: n.args.__setitem__(-1, ast.BinOp(n.args[-1], ast.Sub(), ast.Constant(1))))
            case ast.Call(func=ast.Attribute()):
                found.append(lambda n=node: setattr(n.func, "attr", n.func.attr + "_"))
            case ast.Name(ctx=ast.Load()):
                found.append(lambda n=node: setattr(n, "id", n.id + "_"))
        if isinstance(getattr(node, "body", None), list) and len(node.body) > 1:
            for index, statement in enumerate(node.body):
                if not isinstance(statement, (ast.FunctionDef, ast.Import, ast.ImportFrom)):
                    found.append(lambda n=node, i=index: n.body.__setitem__(i, ast.Pass()))
    return found


def function(tree, name):
    return next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name), tree)


def mutants(source, entry, seed, count):
    chance = random.Random(seed)
    before = ast.unparse(ast.parse(source))
    total = len(changes(function(ast.parse(source), entry)))
    order = list(range(total))
    chance.shuffle(order)
    made = []
    for at in order:
        tree = ast.parse(source)
        changes(function(tree, entry))[at]()
        text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
        if text.strip() != before.strip() and text not in made:
            made.append(text)
        if len(made) == count:
            break
    return made


[mutants(**item) for item in INPUT]
