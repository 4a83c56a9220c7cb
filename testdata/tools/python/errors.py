# stdout: ToolError ToolError False False False True
# stdout: PermissionError PermissionError True False False True
# stdout: ArgumentError ArgumentError False True False True
# stdout: TimeoutError TimeoutError False False True False
import builtins

import tools

for call in (lambda: tools.fail(), lambda: tools.secret.read(), lambda: tools.search(), lambda: tools.late()):
    try:
        call()
    except tools.ToolError as e:
        kinds = [isinstance(e, kind) for kind in (builtins.PermissionError, TypeError, builtins.TimeoutError)]
        print(type(e).__name__, e.type, *kinds, bool(e.hint))
