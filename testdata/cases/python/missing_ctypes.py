import ctypes

assert ctypes.sizeof(ctypes.c_long) == 4 and ctypes.sizeof(ctypes.c_int * 3) == 12
assert ctypes.c_uint8(300).value == 44 and ctypes.c_int8(200).value == -56


class Point(ctypes.Structure):  # what is only there for another system may be defined
    _fields_ = [("x", ctypes.c_int)]


ctypes.CDLL(None)  # error: OSError: C libraries cannot be loaded in this sandbox; write it in Python
