"""What the science guest adds to the Python one: modules that are loaded before it is copied, and what becomes of numpy's values."""

import _locale
import sys

# Functions defined from here on have builtins of their own: the program may replace or empty everybody else's.
__builtins__ = dict(vars(__import__("builtins")))

# What programs import, and what pandas imports when it is first used.
PREIMPORT = """
    numpy numpy.linalg numpy.fft numpy.random numpy.ma numpy.polynomial numpy.lib.recfunctions numpy.testing
    pandas pandas.io.parsers pandas.io.json pandas.io.formats.format pandas.io.common pandas.io.formats.csvs
    pandas.core.window pandas.core.reshape.pivot pandas.core.reshape.merge pandas.core.reshape.melt pandas.core.reshape.tile pandas.tseries.offsets
    pandas.core.methods.describe pandas.core.strings.accessor pandas.core.resample pandas.core.groupby pandas.testing
    dateutil dateutil.parser dateutil.relativedelta dateutil.rrule dateutil.tz pytz tzdata six zoneinfo importlib.resources
    matplotlib.pyplot matplotlib.dates matplotlib.ticker matplotlib.patches matplotlib.lines matplotlib.gridspec matplotlib.colors pandas.plotting._matplotlib
"""

# pandas formats periods in the locale's encoding, which is ASCII until somebody says otherwise.
_locale.setlocale(_locale.LC_CTYPE, "C.UTF-8")


def arrive(seed):
    """Makes what was loaded before the interpreter was copied the program's own: seed is that of the request, 64 hex digits."""
    mtrand = sys.modules.get("numpy.random.mtrand")
    if mtrand is not None:
        mtrand._rand.seed([int(seed[at : at + 8], 16) for at in range(0, len(seed), 8)])


def write(writer, value):
    """Writes a result that is of none of Python's own types. Returns whether it did."""
    numpy = sys.modules.get("numpy")
    kind = type(value)
    if getattr(kind, "__module__", None) != "numpy" or getattr(numpy, kind.__name__.split(".")[-1], None) not in (kind, bool):
        return False
    if issubclass(kind, numpy.generic):
        plain = value.item()
        writer.value(float(plain) if issubclass(kind, numpy.longdouble) else plain)
        return True
    if kind is numpy.ndarray and value.dtype.kind in "biuf" and value.nbytes <= writer.left:
        writer.put('{"$type": "array", "dtype": "' + str(value.dtype) + '", "items": ')
        writer.value(value.astype(numpy.float64).tolist() if value.dtype.char == "g" else value.tolist())
        writer.put("}")
        return True
    return False
