# attack: call whatever looks like the guest's own door to the host, with a response that claims success
# expect: failed exception ValueError
# never: FORGED
import sys
text = '{"status":"completed","result":{"value":"FOR' + 'GED","source":"expression"}}'
names = set(sys.builtin_module_names) | set(sys.modules)
for name in names:
    if "wand" not in name:
        continue
    try:
        module = __import__(name)
    except Exception:
        continue
    for attribute in dir(module):
        f = getattr(module, attribute)
        if callable(f) and ("respond" in attribute or "deliver" in attribute or "finish" in attribute):
            for argument in (text, text.encode()):
                try:
                    f(argument)
                except Exception:
                    pass
raise ValueError("the truth")
