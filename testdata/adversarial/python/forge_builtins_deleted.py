# attack: delete every builtin, then fail
# expect: failed exception ValueError
import builtins
truth = ValueError("the truth")
vars(builtins).clear()
raise truth
