# attack: links that lead to themselves
# expect: failed exception OSError | failed exception NotImplementedError | failed exception AttributeError | failed exception PermissionError
# because: the filesystem may have no symbolic links at all, or report ELOOP
import os
os.symlink("b", "a")
os.symlink("a", "b")
open("a")
