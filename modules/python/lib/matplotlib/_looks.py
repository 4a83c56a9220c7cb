"""Colours, marks and words of a picture. See matplotlib.stand_in."""

import math
import re
from html import escape

stand_in = (
    "it draws simple charts as SVG: plot, scatter, bar, barh, hist, pie, step, errorbar, fill_between, stackplot, boxplot, imshow, lines, text, subplots, legend, grid, twinx"
)
_CYCLE = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"]
_TAB = ["blue", "orange", "green", "red", "purple", "brown", "pink", "gray", "olive", "cyan"]
_LETTERS = {"b": "#0000ff", "g": "#008000", "r": "#ff0000", "c": "#00bfbf", "m": "#bf00bf", "y": "#bfbf00", "k": "#000000", "w": "#ffffff"}
_DASHES = {"--": "6,3", "-.": "7,3,1.5,3", ":": "1.5,3", "dashed": "6,3", "dashdot": "7,3,1.5,3", "dotted": "1.5,3"}
_MARKERS = "os^vDdx+*.,<>p|_hH"
_VIRIDIS = [(68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142), (31, 158, 137), (53, 183, 121), (109, 205, 89), (180, 222, 44), (253, 231, 37)]
_ENDS = {
    "Blues": ((247, 251, 255), (8, 48, 107)), "Reds": ((255, 245, 240), (103, 0, 13)), "Greens": ((247, 252, 245), (0, 68, 27)), "Oranges": ((255, 245, 235), (127, 39, 4)),
    "Purples": ((252, 251, 253), (63, 0, 125)), "YlOrRd": ((255, 255, 204), (128, 0, 38)), "YlGnBu": ((255, 255, 217), (8, 29, 88)), "hot": ((20, 0, 0), (255, 255, 160)),
}
_LISTS = {
    "tab10": _CYCLE, "Set1": ["#e41a1c", "#377eb8", "#4daf4a", "#984ea3", "#ff7f00", "#ffff33", "#a65628", "#f781bf", "#999999"],
    "Set2": ["#66c2a5", "#fc8d62", "#8da0cb", "#e78ac3", "#a6d854", "#ffd92f", "#e5c494", "#b3b3b3"],
    "Set3": ["#8dd3c7", "#ffffb3", "#bebada", "#fb8072", "#80b1d3", "#fdb462", "#b3de69", "#fccde5", "#d9d9d9", "#bc80bd"],
    "Pastel1": ["#fbb4ae", "#b3cde3", "#ccebc5", "#decbe4", "#fed9a6", "#ffffcc", "#e5d8bd", "#fddaec", "#f2f2f2"],
}
_FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"


def _color(name, default=None):
    if name is None:
        return default
    if isinstance(name, str):
        if len(name) == 2 and name[0] == "C" and name[1].isdigit():
            return _CYCLE[int(name[1])]
        if name.replace(".", "", 1).isdigit():
            level = round(255 * float(name))
            return f"#{level:02x}{level:02x}{level:02x}"
        if name.startswith("tab:"):
            return _CYCLE[_TAB.index(name[4:])] if name[4:] in _TAB else name[4:]
        return _LETTERS.get(name, name)
    return "#" + "".join(f"{round(255 * float(part)):02x}" for part in list(name)[:3])


def _shade(part, cmap=None):
    """Returns the colour of a number from 0 to 1."""
    part = min(max(part, 0.0), 1.0)
    cmap = getattr(cmap, "name", cmap)
    if isinstance(cmap, str) and cmap.endswith("_r") and cmap not in ("Greys_r", "gray_r", "RdBu_r"):
        cmap, part = cmap[:-2], 1 - part
    if cmap == "RdBu":
        cmap, part = "RdBu_r", 1 - part
    if cmap in _LISTS:
        return _LISTS[cmap][min(int(part * len(_LISTS[cmap])), len(_LISTS[cmap]) - 1)]
    if cmap in ("gray", "Greys_r", "grey"):
        return _color(str(part))
    if cmap in ("Greys", "binary", "gray_r"):
        return _color(str(1 - part))
    if cmap in ("coolwarm", "bwr", "RdBu_r", "seismic"):
        low, high = ((59, 76, 192), (242, 242, 242)) if part < 0.5 else ((242, 242, 242), (180, 4, 38))
        t = part * 2 % 1 if part < 1 else 1.0
    elif cmap in _ENDS:
        low, high, t = (*_ENDS[cmap], part)
    else:
        at = part * (len(_VIRIDIS) - 1)
        low, high, t = _VIRIDIS[int(at)], _VIRIDIS[min(int(at) + 1, len(_VIRIDIS) - 1)], at % 1
    return "#" + "".join(f"{round(a + (b - a) * t):02x}" for a, b in zip(low, high))


def _format(text):
    """Reads the short form of a style, as in 'ro--'."""
    color = line = marker = None
    rest = text
    for dash in ("--", "-.", "-", ":"):
        if dash in rest:
            line, rest = dash, rest.replace(dash, "", 1)
            break
    if len(rest) == 2 and rest[0] == "C" and rest[1].isdigit():
        return rest, line or "-", None
    for letter in rest:
        if letter in _LETTERS and color is None:
            color = letter
        elif letter in _MARKERS and marker is None:
            marker = letter
        else:
            raise ValueError(f"{text!r} is not a valid format string")
    return color, line or ("" if marker else "-"), marker


def _size(said, default):
    if isinstance(said, (int, float)):
        return said * 1.35
    return {"xx-small": 8, "x-small": 9, "small": 11, "medium": 13, "large": 16, "x-large": 19, "xx-large": 23}.get(said, default)


def _text(out, x, y, text, size, anchor, color="#000000", rotation=0):
    if text:
        text = _plain(str(text))
        turn = f" transform='rotate({-rotation:g} {x:.2f} {y:.2f})'" if rotation else ""
        out.append(f"<text x='{x:.2f}' y='{y:.2f}' font-size='{size:g}' text-anchor='{anchor}' fill='{escape(color)}'{turn}>{escape(str(text))}</text>")


_GREEK = {name: chr(at + i) for at, names in ((0x3B1, "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho _ sigma tau upsilon phi chi psi omega"), (0x391, "Alpha Beta Gamma Delta")) for i, name in enumerate(names.split())}
_SIGNS = {**_GREEK, "Sigma": "\u03a3", "Omega": "\u03a9", "times": "\u00d7", "cdot": "\u00b7", "pm": "\u00b1", "degree": "\u00b0", "circ": "\u00b0", "leq": "\u2264", "geq": "\u2265", "approx": "\u2248", "infty": "\u221e"}
_RAISED = str.maketrans("0123456789+-n", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b\u207f")
_LOWERED = str.maketrans("0123456789+-", "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089\u208a\u208b")


def _plain(text):
    """Writes the simplest of mathematics between dollars, such as $x^2$, with the letters that there are for it."""
    if text.count("$") < 2 or "\\" not in text and "^" not in text and "_" not in text:
        return text.replace("\\$", "$")
    parts = text.replace("\\$", "\0").split("$")
    for i in range(1, len(parts) - 1 + len(parts) % 2, 2):
        part = re.sub(r"\\([A-Za-z]+)", lambda m: _SIGNS.get(m[1], m[1]), parts[i])
        part = re.sub(r"\^\{?([0-9+\-n]+)\}?", lambda m: m[1].translate(_RAISED), part)
        parts[i] = re.sub(r"_\{?([0-9+\-]+)\}?", lambda m: m[1].translate(_LOWERED), part).replace("{", "").replace("}", "")
    return "".join(parts).replace("\0", "$")


def _mark(kind, x, y, r, color, alpha):
    color, opacity = escape(color), f" fill-opacity='{alpha}'" if alpha not in (None, 1) else ""
    if kind in (".", ","):
        kind, r = "o", r * 0.5
    if kind == "o":
        return f"<circle cx='{x:.2f}' cy='{y:.2f}' r='{r:.2f}' fill='{color}'{opacity}/>"
    strokes = {"x": f"M{x - r:.2f} {y - r:.2f}l{2 * r:.2f} {2 * r:.2f}m0 {-2 * r:.2f}l{-2 * r:.2f} {2 * r:.2f}", "+": f"M{x - r:.2f} {y:.2f}h{2 * r:.2f}M{x:.2f} {y - r:.2f}v{2 * r:.2f}",
               "_": f"M{x - r:.2f} {y:.2f}h{2 * r:.2f}", "|": f"M{x:.2f} {y - r:.2f}v{2 * r:.2f}"}
    if kind in strokes:
        return f"<path d='{strokes[kind]}' stroke='{color}' stroke-width='1.4' fill='none'/>"
    count, turn = {"^": (3, 90), "v": (3, -90), "<": (3, 180), ">": (3, 0), "s": (4, 45), "D": (4, 0), "d": (4, 0), "p": (5, 90), "h": (6, 90), "H": (6, 0), "*": (10, 90)}.get(kind, (4, 45))
    points = []
    for i in range(count):
        length = r * 1.3 * (0.45 if kind == "*" and i % 2 else 1)
        angle = math.radians(turn) + math.tau * i / count
        points.append(f"{x + length * math.cos(angle):.2f},{y - length * math.sin(angle):.2f}")
    return f"<polygon points='{' '.join(points)}' fill='{color}'{opacity}/>"


def _arrow(x0, y0, x1, y1, color):
    angle = math.atan2(y1 - y0, x1 - x0)
    sides = "".join(f"M{x1:.2f} {y1:.2f}L{x1 - 9 * math.cos(angle + turn):.2f} {y1 - 9 * math.sin(angle + turn):.2f}" for turn in (0.4, -0.4))
    return f"<path d='M{x0:.2f} {y0:.2f}L{x1:.2f} {y1:.2f}{sides}' stroke='{escape(color)}' stroke-width='1.3' fill='none'/>"
