"""Colours by name and number. See matplotlib.stand_in."""

from matplotlib._looks import _CYCLE, _TAB, _color

TABLEAU_COLORS = {"tab:" + name: color for name, color in zip(_TAB, _CYCLE)}
_NAMES = {"white": "#ffffff", "black": "#000000", "red": "#ff0000", "green": "#008000", "blue": "#0000ff", "orange": "#ffa500", "purple": "#800080", "gray": "#808080", "grey": "#808080", "skyblue": "#87ceeb"}


def to_hex(color):
    said = _color(color)
    said = _NAMES.get(said, said)
    if not said.startswith("#"):
        raise ValueError(f"this stand-in for matplotlib knows the numbers of few colours by name, and not of {color!r}; write it as '#rrggbb'")
    return said


def to_rgb(color):
    said = to_hex(color)
    return tuple(int(said[at : at + 2], 16) / 255 for at in (1, 3, 5))


def to_rgba(color, alpha=1.0):
    return to_rgb(color) + (alpha,)


class Normalize:
    def __init__(self, vmin=None, vmax=None, clip=False):
        self.vmin, self.vmax = vmin, vmax

    def __call__(self, values):
        if hasattr(values, "__iter__") and not hasattr(values, "dtype"):
            return [self(v) for v in values]
        return (values - self.vmin) / ((self.vmax - self.vmin) or 1)
