"""A stand-in for matplotlib: simple charts as SVG, drawn in Python, through the calls of pyplot that programs use most.

It is not matplotlib, and says so: stand_in is True, __version__ begins with 0, each picture has a comment, and the first one is announced on standard error.
"""

__version__ = "0+wand.svg"
stand_in = True
rcParams = {"figure.figsize": [6.4, 4.8], "figure.dpi": 100.0, "font.size": 10.0, "lines.linewidth": 1.5, "axes.grid": False}
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


class _Style:
    available = ["default"]

    def use(self, style):
        """Takes any name of a style and draws as ever."""


style = _Style()


def __getattr__(name):
    if name == "pyplot":
        import importlib

        return importlib.import_module("matplotlib.pyplot")
    raise AttributeError(f"module 'matplotlib' has no attribute {name!r}: this is a stand-in that draws simple SVG charts through matplotlib.pyplot")
