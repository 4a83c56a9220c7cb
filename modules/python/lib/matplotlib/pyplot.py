"""The calls of pyplot that programs use most. See matplotlib.stand_in."""

import matplotlib
from matplotlib import cm
from matplotlib._axes import Axes
from matplotlib._figure import Figure, GridSpec
from matplotlib._looks import stand_in as _stand_in

style, rcParams, rc, rcdefaults, rc_context = matplotlib.style, matplotlib.rcParams, matplotlib.rc, matplotlib.rcdefaults, matplotlib.rc_context
get_cmap = cm.get_cmap
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


def subplots(nrows=1, ncols=1, *, sharex=False, sharey=False, squeeze=True, figsize=None, num=None, subplot_kw=None, gridspec_kw=None, **ignored):
    made = figure(num, figsize=figsize)
    return made, made.subplots(nrows, ncols, sharex=sharex, sharey=sharey, squeeze=squeeze, subplot_kw=subplot_kw, gridspec_kw=gridspec_kw)


def subplot_mosaic(mosaic, *, figsize=None, **ignored):
    made = figure(figsize=figsize)
    return made, made.subplot_mosaic(mosaic)


def subplot(*where, **named):
    return gcf().add_subplot(*where, **named)


def subplot2grid(shape, loc, rowspan=1, colspan=1, fig=None, **named):
    return (fig or gcf()).add_subplot(GridSpec(*shape)[loc[0] : loc[0] + rowspan, loc[1] : loc[1] + colspan], **named)


def axes(place=None, **named):
    return gcf().add_axes(place, **named)


def delaxes(ax=None):
    gcf().delaxes(ax or gca())


def twinx(ax=None):
    return (ax or gca()).twinx()


def show(*ignored, **named):
    """Writes each open figure with something in it that was not saved to figure_N.svg, where N is a number that no figure has had yet."""
    for num in sorted(_figures, key=str):
        if _figures[num].axes and not _figures[num].saved:
            _figures[num].shown()
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


def fignum_exists(num):
    return num in _figures


def suptitle(text, **ignored):
    gcf().suptitle(text)


def figtext(x, y, s, **named):
    gcf().text(x, y, s, **named)


def figlegend(*arguments, **named):
    return gcf().legend(*arguments, **named)


def setp(artists, **looks):
    """Sets the same of one artist or of several."""
    for each in artists if isinstance(artists, (list, tuple)) else [artists]:
        for name, value in looks.items():
            getattr(each, "set_" + name)(value)


def switch_backend(name):
    """Takes any name: there is one backend, and it writes SVG."""


def tight_layout(*ignored, **named):
    """The layout is a tight one in any case."""


subplots_adjust = ion = ioff = pause = draw = clim = set_cmap = tight_layout


def isinteractive():
    return False


def colorbar(mappable=None, cax=None, ax=None, **named):
    return gcf().colorbar(mappable, ax=ax, **named)


def matshow(A, **named):
    return figure().gca().matshow(A, **named)


def _forward(name, method):
    def call(*arguments, **named):
        return getattr(gca(), method)(*arguments, **named)

    call.__name__ = call.__qualname__ = name
    return call


for _name in (
    "plot scatter bar barh hist pie step errorbar fill_between stackplot boxplot imshow axhline axvline axhspan axvspan hlines vlines text annotate grid legend"
    " semilogx semilogy loglog stem axis fill pcolormesh pcolor bar_label tick_params margins autoscale minorticks_on ticklabel_format locator_params"
).split():
    globals()[_name] = _forward(_name, _name)
for _name in ("title", "xlabel", "ylabel", "xlim", "ylim", "xscale", "yscale", "xticks", "yticks"):
    globals()[_name] = _forward(_name, "set_" + _name if _name not in ("xticks", "yticks", "xlim", "ylim") else "_" + _name)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"this stand-in for matplotlib has no plt.{name}; {_stand_in}")
