"""What a guest with more in it than this one adds to it (see modules/science); here nothing."""

PREIMPORT = ""


def arrive(seed):
    """Makes what was loaded before the interpreter was copied the program's own: seed is that of the request, 64 hex digits."""


def write(writer, value):
    """Writes a result that is of none of Python's own types. Returns whether it did."""
    return False
