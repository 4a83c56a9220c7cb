# attack: modules of the same name in the working directory, first on the path, for whoever imports late
# expect: failed exception ValueError
# never: FORGED
import sys
for name in ("json", "traceback", "linecache", "types", "dataclasses", "ast", "io", "base64", "tokenize", "datetime", "decimal"):
    with open(f"{name}.py", "w") as f:
        f.write("raise SystemExit(0)\n")
    sys.modules.pop(name, None)
sys.path.insert(0, "/work")
raise ValueError("the truth")
