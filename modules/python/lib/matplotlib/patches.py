"""Patches for legends, and those that an axes can be given. See matplotlib.stand_in."""

from matplotlib._artist import Artist
from matplotlib._looks import _color


class Patch(Artist):
    def __init__(self, color=None, facecolor=None, edgecolor=None, label=None, alpha=1, fc=None, ec=None, **ignored):
        edge = edgecolor if edgecolor is not None else ec
        super().__init__(None, "box", color=_color(next((c for c in (color, facecolor, fc) if c is not None), "C0")), edge=_color(edge), label=label, alpha=alpha)


class Rectangle(Patch):
    def __init__(self, xy, width, height, fill=True, **named):
        super().__init__(**named)
        self.x0, self.y0, self.x1, self.y1, self.sticky = xy[0], xy[1], xy[0] + width, xy[1] + height, ""
        if not fill:
            self.color, self.edge = "none", self.edge or "#000000"
