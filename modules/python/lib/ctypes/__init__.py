"""ctypes as far as it goes without C: simple types that hold a value, and their sizes. What would load a library, follow a pointer or lay out memory raises.

Libraries import ctypes to ask for the size of a long, or for what they then do on another system; those work.
"""

import struct as _struct

__version__ = "1.1.0"
RTLD_LOCAL, RTLD_GLOBAL, DEFAULT_MODE = 0, 256, 0

_REASON = "C libraries cannot be loaded in this sandbox; write it in Python"


class ArgumentError(Exception):
    pass


def _refuse(*arguments, **named):
    raise OSError(_REASON)


class _Type(type):
    def __mul__(cls, length):
        if type(length) is not int or length < 0:
            raise ValueError("Array length must be >= 0, not %r" % (length,))
        size = getattr(cls, "_size", None)
        return _Type(f"{cls.__name__}_Array_{length}", (Array,), {"_type_": cls, "_length_": length, "_size": None if size is None else size * length})

    __rmul__ = __mul__


class _CData(metaclass=_Type):
    def __init__(self, *arguments, **named):
        _refuse()


class Structure(_CData):
    pass


class Union(_CData):
    pass


class Array(_CData):
    pass


class _Pointer(_CData):
    _size = 4


class _CFuncPtr(_CData):
    _size = 4


BigEndianStructure = LittleEndianStructure = Structure
BigEndianUnion = LittleEndianUnion = Union


class _SimpleCData(_CData):
    def __init__(self, value=None):
        self.value = self._zero if value is None else value

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, value):
        self._value = self._hold(value)

    def __repr__(self):
        return f"{type(self).__name__}({self.value!r})"

    def __bool__(self):
        return bool(self._value)

    @classmethod
    def from_param(cls, value):
        return value if isinstance(value, cls) else cls(value)

    from_buffer = from_buffer_copy = from_address = in_dll = classmethod(_refuse)


class _Whole(_SimpleCData):
    _zero = 0

    def _hold(self, value):
        if not isinstance(value, int):
            raise TypeError("int expected instead of %s instance" % type(value).__name__)
        bits = 8 * self._size
        value &= (1 << bits) - 1
        return value - (1 << bits) if self._signed and value >> (bits - 1) else value


class _Real(_SimpleCData):
    _zero = 0.0

    def _hold(self, value):
        if not isinstance(value, (int, float)):
            raise TypeError("must be real number, not %s" % type(value).__name__)
        return _struct.unpack("<f", _struct.pack("<f", value))[0] if self._size == 4 else float(value)


class _Object(_SimpleCData):
    """Something that is held as it is, of one of a few types, or None."""

    _zero = None

    def _hold(self, value):
        if value is not None and not isinstance(value, self._kinds):
            raise TypeError("%s expected instead of %s instance" % (self._kinds[0].__name__, type(value).__name__))
        return value


def _make(name, base, size, code, **attributes):
    made = _Type(name, (base,), {"_size": size, "_type_": code, "__module__": __name__, **attributes})
    globals()[name] = made
    return made


for _name, _size, _code in (("byte", 1, "b"), ("short", 2, "h"), ("int", 4, "i"), ("long", 4, "l"), ("longlong", 8, "q")):
    _make("c_" + _name, _Whole, _size, _code, _signed=True)
    _make("c_u" + _name, _Whole, _size, _code.upper(), _signed=False)
_make("c_float", _Real, 4, "f")
_make("c_double", _Real, 8, "d")
_make("c_longdouble", _Real, 16, "g")
_make("c_void_p", _Object, 4, "P", _kinds=(int,))
_make("c_char_p", _Object, 4, "z", _kinds=(bytes,))
_make("c_wchar_p", _Object, 4, "Z", _kinds=(str,))
_make("py_object", _Object, 4, "O", _kinds=(object,))
_make("c_bool", _SimpleCData, 1, "?", _zero=False, _hold=lambda self, value: bool(value))


def _one(kind, unit):
    def hold(self, value):
        if not isinstance(value, kind) or len(value) != 1:
            raise TypeError(f"one character {unit} expected")
        return value

    return hold


_make("c_char", _SimpleCData, 1, "c", _zero=b"\0", _hold=_one(bytes, "bytes"))
_make("c_wchar", _SimpleCData, 4, "u", _zero="\0", _hold=_one(str, "string"))
c_voidp = c_void_p
c_int8, c_int16, c_int32, c_int64 = c_byte, c_short, c_int, c_longlong
c_uint8, c_uint16, c_uint32, c_uint64 = c_ubyte, c_ushort, c_uint, c_ulonglong
c_size_t, c_ssize_t, c_time_t = c_ulong, c_long, c_longlong


def sizeof(thing):
    size = getattr(thing, "_size", None)
    if isinstance(thing, type) and not issubclass(thing, _CData) or not isinstance(thing, (type, _CData)):
        raise TypeError("this type has no size")
    if size is None:
        _refuse()
    return size


def alignment(thing):
    return min(sizeof(thing), 16)


def POINTER(kind):
    return _Type("LP_" + getattr(kind, "__name__", "void"), (_Pointer,), {"_type_": kind})


def CFUNCTYPE(restype, *argtypes, **named):
    return _Type("CFunctionType", (_CFuncPtr,), {"_restype_": restype, "_argtypes_": argtypes})


PYFUNCTYPE = CFUNCTYPE
addressof = byref = cast = pointer = resize = string_at = wstring_at = memmove = memset = create_string_buffer = create_unicode_buffer = _refuse
c_buffer = create_string_buffer
SetPointerType = ARRAY = _refuse
_errno = 0


def get_errno():
    return _errno


def set_errno(value):
    global _errno
    before, _errno = _errno, value
    return before


class CDLL:
    def __init__(self, *arguments, **named):
        _refuse()


class PyDLL(CDLL):
    pass


class LibraryLoader:
    def __init__(self, kind):
        self._dlltype = kind

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        _refuse()

    __getitem__ = LoadLibrary = _refuse


cdll, pydll = LibraryLoader(CDLL), LibraryLoader(PyDLL)
pythonapi = LibraryLoader(PyDLL)
