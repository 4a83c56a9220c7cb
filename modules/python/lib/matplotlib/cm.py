"""Colour maps: a number from 0 to 1 becomes a colour. See matplotlib.stand_in."""

from matplotlib._looks import _CYCLE, _ENDS, _LISTS, _shade

_NAMES = ["viridis", "plasma", "inferno", "magma", "cividis", "gray", "Greys", "binary", "coolwarm", "bwr", "seismic", "RdBu", "RdYlGn", "Spectral", "jet", "rainbow", "hsv", "tab20", "Paired", *_ENDS, *_LISTS]


class Colormap:
    def __init__(self, name, n=None):
        self.name, self.N = name, n or (len(_LISTS[name]) if name in _LISTS else 256)

    def __call__(self, values, alpha=1.0):
        """Returns a colour for a number, and a list of them for several. A whole number is the position of a colour."""
        if hasattr(values, "__iter__"):
            return [self(v) for v in values]
        whole = hasattr(values, "__index__")
        if self.name in _LISTS:
            shade = _LISTS[self.name][int(values) % self.N if whole else min(int(values * self.N), self.N - 1)]
        elif self.name in ("tab20", "Paired"):
            shade = _CYCLE[(int(values) if whole else int(values * 10)) % 10]
        else:
            shade = _shade(values / max(self.N - 1, 1) if whole else float(values), self.name)
        return tuple(int(shade[at : at + 2], 16) / 255 for at in (1, 3, 5)) + (alpha,)

    def resampled(self, n):
        return Colormap(self.name, n)

    def reversed(self):
        return Colormap(self.name.removesuffix("_r") if self.name.endswith("_r") else self.name + "_r", self.N)


class _Colormaps:
    def __getitem__(self, name):
        if isinstance(name, Colormap):
            return name
        if name.removesuffix("_r") not in _NAMES:
            raise KeyError(f"{name!r} is not a known colormap name")
        return Colormap(name)

    def __iter__(self):
        return iter(_NAMES)

    get_cmap = __getitem__


colormaps = _Colormaps()


def get_cmap(name=None, lut=None):
    made = colormaps[name or "viridis"]
    return made.resampled(lut) if lut else made


def __getattr__(name):
    try:
        return colormaps[name]
    except KeyError:
        raise AttributeError(f"this stand-in for matplotlib has no colour map {name}; it has {', '.join(_NAMES)}") from None
