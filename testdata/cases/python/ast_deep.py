# stdout: RecursionError or MemoryError
import ast

try:
    ast.parse("+".join(["x"] * 200_000))
    tree = ast.parse("1" + "+1" * 3_000)
    compile(tree, "x", "exec")
    print("worked")
except (RecursionError, MemoryError):
    print("RecursionError or MemoryError")
