"""The calls of pyplot that programs use most. See matplotlib.stand_in."""

import matplotlib
from matplotlib._figure import Axes, Figure, load as _load
from matplotlib._figure import stand_in as _stand_in

style, rcParams, rc, rcdefaults = matplotlib.style, matplotlib.rcParams, matplotlib.rc, matplotlib.rcdefaults
_figures = {}
_current = []


def figure(num=None, figsize=None, dpi=None, **ignored):
    if num in _figures:
        _current.remove(num)
    else:
        if num is None:
            num = max([n for n in _figures if type(n) is int], default=0) + 1
        _figures[num] = Figure(figsize, num)
    _current.append(num)
    return _figures[num]


def gcf():
    return _figures[_current[-1]] if _current else figure()


def gca():
    return gcf().gca()


def sca(ax):
    ax.figure._here = ax


def subplots(nrows=1, ncols=1, *, sharex=False, sharey=False, squeeze=True, figsize=None, **ignored):
    made = figure(figsize=figsize)
    return made, made.subplots(nrows, ncols, sharex=sharex, sharey=sharey, squeeze=squeeze)


def subplot(*where, **ignored):
    return gcf().add_subplot(*where)


def axes(*ignored, **named):
    return gcf().add_subplot()


def show(*ignored, **named):
    """Writes each open figure that was not saved to figure_N.svg."""
    for num in sorted(_figures, key=str):
        if _figures[num].saved:
            continue
        _figures[num].savefig(f"figure_{num}.svg" if type(num) is int else f"{num}.svg")
    close("all")


def savefig(file, **options):
    gcf().savefig(file, **options)


def close(which=None):
    if which == "all":
        _figures.clear()
        _current.clear()
        return
    for num, each in list(_figures.items()):
        if each is which or num == which or which is None and _current and num == _current[-1]:
            del _figures[num]
            _current.remove(num)


def clf():
    gcf().clear()


def cla():
    gca().clear()


def get_fignums():
    return [num for num in _figures if type(num) is int]


def suptitle(text, **ignored):
    gcf().suptitle(text)


def tight_layout(*ignored, **named):
    """The layout is a tight one in any case."""


subplots_adjust = ion = ioff = pause = draw = tight_layout


def colorbar(mappable=None, ax=None, label=None, **ignored):
    (ax or gca())._colorbar = label or ""


def _forward(name, method):
    def call(*arguments, **named):
        return getattr(gca(), method)(*arguments, **named)

    call.__name__ = call.__qualname__ = name
    return call


for _name in (
    "plot scatter bar barh hist pie step errorbar fill_between stackplot boxplot imshow axhline axvline axhspan axvspan hlines vlines text annotate grid legend"
    " semilogx semilogy loglog stem axis"
).split():
    globals()[_name] = _forward(_name, _name)
for _name in ("title", "xlabel", "ylabel", "xlim", "ylim", "xscale", "yscale", "xticks", "yticks"):
    globals()[_name] = _forward(_name, "set_" + _name if _name not in ("xticks", "yticks", "xlim", "ylim") else "_" + _name)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"this stand-in for matplotlib has no plt.{name}; {_stand_in}")
