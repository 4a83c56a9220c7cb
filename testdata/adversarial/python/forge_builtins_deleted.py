# attack: delete every builtin, then fail
# expect: failed exception ValueError
import builtins
truth = ValueError("the truth")
for name in list(vars(builtins)):
    delattr(builtins, name)
raise truth
