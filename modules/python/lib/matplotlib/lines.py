"""Lines for legends. See matplotlib.stand_in."""

from matplotlib._artist import Artist
from matplotlib._looks import _color


class Line2D(Artist):
    def __init__(self, xdata, ydata, color=None, linestyle="-", marker=None, linewidth=1.5, markersize=6, label=None, markerfacecolor=None, c=None, ls=None, lw=None, **ignored):
        shade = next((each for each in (color, c, markerfacecolor) if each is not None and each != "w"), markerfacecolor or "C0")
        super().__init__(None, "line", xs=list(xdata), ys=list(ydata), color=_color(shade), dash=ls or linestyle, marker=marker, width=lw or linewidth, size=markersize, alpha=1, label=label)
