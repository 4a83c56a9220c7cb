"""A stand-in for matplotlib: simple charts as SVG, drawn in Python, through the calls of pyplot that programs use most.

It is not matplotlib, and says so: stand_in is True, __version__ begins with 0, each picture has a comment, and the first one is announced on standard error.
"""

import contextlib
import importlib

__version__ = "0+wand.svg"
stand_in = True


class _Cycler:
    def by_key(self):
        from matplotlib._looks import _CYCLE

        return {"color": list(_CYCLE)}


rcParams = {"figure.figsize": [6.4, 4.8], "figure.dpi": 100.0, "font.size": 10.0, "lines.linewidth": 1.5, "axes.grid": False, "axes.prop_cycle": _Cycler()}
rcParamsDefault = dict(rcParams)


def use(backend, *, force=True):
    """Takes any name of a backend: there is one, and it writes SVG."""


def get_backend():
    return "svg"


def rc(group, **settings):
    rcParams.update({f"{group}.{name}": value for name, value in settings.items()})


def rcdefaults():
    rcParams.clear()
    rcParams.update(rcParamsDefault)


@contextlib.contextmanager
def rc_context(rc=None, fname=None):
    kept = dict(rcParams)
    rcParams.update(rc or {})
    try:
        yield
    finally:
        rcParams.clear()
        rcParams.update(kept)


class _Style:
    available = ["default", "ggplot", "seaborn-v0_8", "fivethirtyeight", "bmh", "dark_background"]

    def use(self, style):
        """Takes any name of a style and draws as ever."""

    def context(self, style, after_reset=False):
        return contextlib.nullcontext()


style = _Style()


def __getattr__(name):
    if name in ("pyplot", "cm", "colors", "dates", "ticker", "patches", "lines", "gridspec"):
        return importlib.import_module("matplotlib." + name)
    if name == "colormaps":
        return importlib.import_module("matplotlib.cm").colormaps
    raise AttributeError(f"module 'matplotlib' has no attribute {name!r}: this is a stand-in that draws simple SVG charts through matplotlib.pyplot")
