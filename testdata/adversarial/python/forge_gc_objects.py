# attack: find the guest's helper functions through the garbage collector and replace their code
# expect: failed exception ValueError
# never: FORGED
import gc
import types
def fake(*a, **k):
    return '{"status":"completed","result":{"value":"FOR' + 'GED","source":"expression"}}'
for o in gc.get_objects():
    if isinstance(o, types.FunctionType) and o.__globals__ is not globals():
        name = o.__code__.co_filename
        if "wand" in name and not o.__closure__:
            o.__code__ = fake.__code__
            o.__defaults__ = o.__kwdefaults__ = None
raise ValueError("the truth")
