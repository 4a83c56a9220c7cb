# attack: empty sys.modules and make every later import fail
# expect: failed exception ValueError
import sys
sys.path.clear()
sys.path_hooks.clear()
sys.meta_path.clear()
sys.modules.clear()
raise ValueError("the truth")
