# attack: hand the compiler a syntax tree that no parser would ever make
# expect: failed exception RecursionError | failed exception ValueError
# because: CPython words the refusal differently between its validator and its compiler
# limits: fuel=4G
import ast
node = ast.Constant(1)
for _ in range(100_000):
    node = ast.UnaryOp(ast.USub(), node)
compile(ast.fix_missing_locations(ast.Expression(ast.Constant(1))), "x", "eval")
compile(ast.Expression(node, lineno=1, col_offset=0), "x", "eval")
