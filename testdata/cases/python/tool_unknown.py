# error: PermissionError
import tools

tools.call("no.such.function", a=1)
