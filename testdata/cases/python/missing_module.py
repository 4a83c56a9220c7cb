# stdout: None
# stdout: absent
import importlib.util

print(importlib.util.find_spec("numpy"))
try:
    import tensorflow
except ImportError:
    print("absent")
import pwn  # error: ModuleNotFoundError: No module named 'pwn'; this sandbox has...
