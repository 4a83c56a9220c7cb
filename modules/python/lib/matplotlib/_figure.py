"""Figures, their layout, and how they are written. See matplotlib.stand_in."""

import sys

import matplotlib
from matplotlib._artist import Nothing
from matplotlib._axes import Axes
from matplotlib._looks import _color, _FONT, _size, _text, stand_in

_told = []
_written = {}  # by the name of a file that was written: the name that was asked for


class Figure:
    def __init__(self, figsize=None, number=1):
        self.size = [float(v) for v in (figsize or matplotlib.rcParams.get("figure.figsize", [6.4, 4.8]))]
        self.number = number
        self.patch = Nothing()
        self.clear()

    def clear(self, *ignored, **named):
        self.axes, self.title, self.words, self._here, self.saved = [], "", [], None, False

    clf = clear

    def gca(self):
        return self._here or self.add_subplot()

    def sca(self, ax):
        self._here = ax

    def add_subplot(self, *where, projection=None, polar=False, sharex=None, sharey=None, facecolor=None, **ignored):
        if projection not in (None, "rectilinear") or polar:
            raise NotImplementedError(f"this stand-in for matplotlib draws charts with straight axes in two directions, not projection={projection or 'polar'!r}")
        if len(where) == 1 and isinstance(where[0], int):
            where = tuple(int(digit) for digit in str(where[0]))
        if len(where) == 1 and isinstance(where[0], Cell):
            cell = where[0]
        elif len(where) == 3:
            rows, columns, place = where
            first, last = place if hasattr(place, "__iter__") else (place, place)
            if not 1 <= first <= last <= rows * columns:
                raise ValueError(f"num must be an integer with 1 <= num <= {rows * columns}, not {place!r}")
            cell = GridSpec(rows, columns)[(first - 1) // columns : (last - 1) // columns + 1, (first - 1) % columns : (last - 1) % columns + 1]
        else:
            cell = GridSpec(1, 1)[0, 0]
        for each in self.axes:
            if each.cell == cell.spot:
                self._here = each
                return each
        self._here = Axes(self, cell.spot, cell.place)
        self._here.x, self._here.y = sharex.x if sharex is not None else self._here.x, sharey.y if sharey is not None else self._here.y
        self.axes.append(self._here)
        return self._here

    def add_axes(self, place=None, **ignored):
        if place is None or isinstance(place, Axes):
            return self.add_subplot()
        left, bottom, width, height = place
        self._here = Axes(self, ("at", *place), (left, 1 - bottom - height, width, height))
        self.axes.append(self._here)
        return self._here

    def delaxes(self, ax):
        self.axes.remove(ax)
        if self._here is ax:
            self._here = self.axes[-1] if self.axes else None

    def add_gridspec(self, nrows=1, ncols=1, **named):
        return GridSpec(nrows, ncols, **named)

    def subplots(self, nrows=1, ncols=1, *, squeeze=True, sharex=False, sharey=False, subplot_kw=None, gridspec_kw=None, **ignored):
        spec = GridSpec(nrows, ncols, **(gridspec_kw or {}))
        grid = []
        for r in range(nrows):
            grid.append([])
            for c in range(ncols):
                of = {"x": sharex, "y": sharey}
                first = {k: None if v in (False, "none") or r == c == 0 else {"col": grid[0][c] if r else None, "row": grid[r][0] if c else None}.get(v, grid[0][0]) for k, v in of.items()}
                grid[r].append(self.add_subplot(spec[r, c], sharex=first["x"], sharey=first["y"], **(subplot_kw or {})))
        self._here = grid[-1][-1] if nrows * ncols > 1 else grid[0][0]
        if squeeze and nrows == ncols == 1:
            return grid[0][0]
        return _grid(grid, squeeze)

    def subplot_mosaic(self, mosaic, **ignored):
        rows = [list(line.strip()) for line in mosaic.replace(";", "\n").strip().split("\n")] if isinstance(mosaic, str) else [list(row) for row in mosaic]
        spec, made = GridSpec(len(rows), len(rows[0])), {}
        for name in dict.fromkeys(name for row in rows for name in row if name != "."):
            at = [(r, c) for r, row in enumerate(rows) for c, each in enumerate(row) if each == name]
            made[name] = self.add_subplot(spec[at[0][0] : at[-1][0] + 1, min(c for _, c in at) : max(c for _, c in at) + 1])
        return made

    def suptitle(self, text, **ignored):
        self.title = str(text)

    def text(self, x, y, s, ha="left", horizontalalignment=None, fontsize=None, color=None, rotation=0, **ignored):
        self.words.append((float(x), float(y), str(s), horizontalalignment or ha, _size(fontsize, 13), _color(color, "#000000"), 90 if rotation == "vertical" else rotation))

    def supxlabel(self, text, **ignored):
        self.text(0.5, 0.01, text, ha="center")

    def supylabel(self, text, **ignored):
        self.text(0.02, 0.5, text, ha="center", rotation=90)

    def set_size_inches(self, width, height=None, **ignored):
        self.size = [float(v) for v in (width if height is None else (width, height))]

    def get_size_inches(self):
        return self.size

    def set_figwidth(self, width):
        self.size[0] = float(width)

    def set_figheight(self, height):
        self.size[1] = float(height)

    def get_axes(self):
        return list(self.axes)

    def tight_layout(self, *ignored, **named):
        """The layout is a tight one in any case."""

    subplots_adjust = set_tight_layout = set_layout_engine = set_constrained_layout = set_facecolor = set_dpi = align_labels = tight_layout

    def autofmt_xdate(self, rotation=30, **ignored):
        for ax in self.axes:
            ax.x.rotation = rotation

    def colorbar(self, mappable=None, ax=None, cax=None, label=None, **ignored):
        ax = ax.flat[0] if hasattr(ax, "flat") else ax[0] if isinstance(ax, (list, tuple)) else ax
        return Colorbar(ax if ax is not None else mappable.axes if getattr(mappable, "axes", None) is not None else self.gca(), label)

    def legend(self, *arguments, **named):
        return self.gca().legend(*arguments, **named)

    def show(self):
        self.shown()

    def shown(self):
        """Writes the figure for plt.show, under a name that no figure before it has had."""
        n = self.number if type(self.number) is int else 1
        stem = "figure_{}" if type(self.number) is int else str(self.number).replace("/", "_") + "_{}"
        name = stem.format(n) + ".svg" if type(self.number) is int else str(self.number).replace("/", "_") + ".svg"
        while name in _written:
            n += 1
            name = stem.format(n) + ".svg"
        self._write(name, name)
        print(f"note: plt.show() wrote {name}", file=sys.stderr)

    def savefig(self, fname, format=None, **ignored):
        """Writes an SVG. A name with another ending gets .svg in its place, and a line on standard error says so."""
        if hasattr(fname, "write"):
            self._send(fname, format)
            return
        name = str(fname)
        stem, dot, ending = name.rpartition(".")
        wanted = name if dot and ending.lower() == "svg" else (stem if dot and "/" not in ending else name) + ".svg"
        if _written.get(wanted, name) != name:
            wanted = name + ".svg"  # a.png and a.pdf may be two pictures
        self._write(wanted, name)
        if wanted != name:
            print(f"note: wrote {wanted} in place of {name}: there are no other formats", file=sys.stderr)

    def _write(self, wanted, name):
        text = self.svg()
        with open(wanted, "w", encoding="utf-8") as out:
            out.write(text)
        self.saved, _written[wanted] = True, name
        if not _told:
            _told.append(True)
            print("note: this matplotlib is a stand-in that draws simple charts as SVG", file=sys.stderr)

    def _send(self, file, format):
        if format not in (None, "svg"):
            raise ValueError(f"this stand-in for matplotlib writes SVG only, not {format}: use format='svg'")
        import io

        text = self.svg()
        file.write(text if isinstance(file, io.TextIOBase) else text.encode())
        self.saved = True
        if format is None:
            print("note: wrote SVG, not PNG, to the file object: this matplotlib is a stand-in that draws simple charts as SVG", file=sys.stderr)

    def svg(self):
        width, height = 100 * self.size[0], 100 * self.size[1]
        out = [
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{width:g}' height='{height:g}' viewBox='0 0 {width:g} {height:g}' {_FONT}>",
            "<!-- drawn by wand's stand-in for matplotlib -->", f"<rect width='{width:g}' height='{height:g}' fill='#ffffff'/>",
        ]
        top = 8
        if self.title:
            for line in self.title.split("\n"):
                _text(out, width / 2, top + 16, line, 17, "middle")
                top += 24
            top += 2
        for ax in self.axes:
            if ax.visible and not ax.right:
                x, y, w, h = ax.place
                ax._draw(out, 4 + x * (width - 8), top + y * (height - top - 4), w * (width - 8), h * (height - top - 4))
        for x, y, text, ha, size, color, rotation in self.words:
            _text(out, x * width, (1 - y) * height, text, size, {"center": "middle", "right": "end"}.get(ha, "start"), color, rotation)
        out.append("</svg>")
        return "\n".join(out) + "\n"

    def __getattr__(self, name):
        raise AttributeError(f"this stand-in for matplotlib has no Figure.{name}; {stand_in}")


class Colorbar:
    def __init__(self, ax, label):
        self.mappable_axes, self.ax = ax, Nothing()
        ax._colorbar = label or ""

    def set_label(self, label, **ignored):
        self.mappable_axes._colorbar = str(label)

    def _looks(self, *ignored, **named):
        """Takes what makes no difference to a simple chart."""

    set_ticks = set_ticklabels = minorticks_on = _looks


class Cell:
    """A place in a grid."""

    def __init__(self, spot, place):
        self.spot, self.place = spot, place


class GridSpec:
    """Rows and columns of a figure, of which an axes may take several."""

    def __init__(self, nrows, ncols, figure=None, width_ratios=None, height_ratios=None, **ignored):
        self.nrows, self.ncols = int(nrows), int(ncols)
        self.columns, self.rows = _shares(width_ratios, self.ncols), _shares(height_ratios, self.nrows)

    def __getitem__(self, at):
        if not isinstance(at, tuple):
            if isinstance(at, slice):
                return [self[n] for n in range(*at.indices(self.nrows * self.ncols))]
            at %= self.nrows * self.ncols
            at = (at // self.ncols, at % self.ncols)
        (r0, r1), (c0, c1) = _span(at[0], self.nrows), _span(at[1], self.ncols)
        place = (sum(self.columns[:c0]), sum(self.rows[:r0]), sum(self.columns[c0:c1]), sum(self.rows[r0:r1]))
        return Cell((tuple(self.rows), tuple(self.columns), r0, r1, c0, c1), place)


def _shares(ratios, n):
    ratios = [float(r) for r in ratios] if ratios is not None else [1.0] * n
    return [r / sum(ratios) for r in ratios]


def _span(at, n):
    if isinstance(at, slice):
        first, last, _ = at.indices(n)
        return first, max(last, first + 1)
    if not -n <= at < n:
        raise IndexError(f"index {at} is out of bounds for a grid of {n}")
    return at % n, at % n + 1


def _grid(rows, squeeze):
    """Returns axes in rows and columns: an array of numpy's where there is one, else what is like it."""
    try:
        import numpy

        made = numpy.empty((len(rows), len(rows[0])), dtype=object)
        for r, row in enumerate(rows):
            for c, ax in enumerate(row):
                made[r, c] = ax
        return made[0] if squeeze and len(rows) == 1 else made[:, 0] if squeeze and len(rows[0]) == 1 else made
    except ImportError:
        return _Grid(rows[0]) if squeeze and len(rows) == 1 else _Grid(row[0] for row in rows) if squeeze and len(rows[0]) == 1 else _Grid(_Grid(row) for row in rows)


class _Grid(list):
    """Axes in rows and columns, with the little of an array that programs use."""

    @property
    def flat(self):
        return [ax for part in self for ax in (part if isinstance(part, _Grid) else [part])]

    def flatten(self):
        return _Grid(self.flat)

    ravel = flatten

    @property
    def shape(self):
        return (len(self), len(self[0])) if self and isinstance(self[0], _Grid) else (len(self),)

    @property
    def size(self):
        return len(self.flat)

    def __getitem__(self, at):
        if isinstance(at, tuple):
            return [row[at[1]] for row in list.__getitem__(self, at[0])] if isinstance(at[0], slice) else list.__getitem__(self, at[0])[at[1]]
        return list.__getitem__(self, at)
