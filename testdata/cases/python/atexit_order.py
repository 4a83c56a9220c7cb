# stdout: body
# stdout: second
# stdout: first
# stderr: ZeroDivisionError
import atexit

atexit.register(print, "first")
atexit.register(print, "second")
print("body")
1 / 0  # error: ZeroDivisionError: division by zero
