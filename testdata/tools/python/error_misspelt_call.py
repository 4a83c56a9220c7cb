# hint: search
import tools

tools.serach("x")  # error: PermissionError
