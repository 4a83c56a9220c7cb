# stdout: point 1 2
# stdout: list 3
# stdout: other
def describe(value):
    match value:
        case {"x": x, "y": y}:
            return f"point {x} {y}"
        case [_, *rest]:
            return f"list {len(rest) + 1}"
        case _:
            return "other"

for value in ({"x": 1, "y": 2}, [1, 2, 3], None):
    print(describe(value))
