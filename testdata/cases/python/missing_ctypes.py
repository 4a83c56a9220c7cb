import ctypes  # error: ModuleNotFoundError: No module named '_ctypes'; C libraries cannot be loaded in this sandbox; write it in Python
