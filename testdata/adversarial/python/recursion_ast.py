# attack: hand the compiler a syntax tree that no parser would ever make
# expect: failed exception RecursionError
# limits: fuel=4G
import ast
at = dict(lineno=1, col_offset=0, end_lineno=1, end_col_offset=1)
node = ast.Constant(1, **at)
for _ in range(100_000):
    node = ast.UnaryOp(ast.USub(), node, **at)
compile(ast.Expression(node), "x", "eval")
