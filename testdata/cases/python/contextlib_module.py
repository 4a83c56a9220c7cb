# stdout: enter body exit 3
# stdout: captured\n
import contextlib
import io

@contextlib.contextmanager
def managed():
    print("enter", end=" ")
    try:
        yield 3
    finally:
        print("exit", end=" ")

with managed() as value:
    print("body", end=" ")
print(value)
buffer = io.StringIO()
with contextlib.redirect_stdout(buffer), contextlib.suppress(ValueError):
    print("captured")
    raise ValueError
print(buffer.getvalue().replace("\n", "\\n"))
