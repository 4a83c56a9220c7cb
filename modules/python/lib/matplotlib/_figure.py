"""Figures and axes, and how they become SVG."""

import datetime
import math
import sys
from html import escape

import matplotlib

stand_in = (
    "it draws simple charts as SVG: plot, scatter, bar, barh, hist, pie, step, errorbar, fill_between, stackplot, boxplot, imshow, lines, text, subplots, legend, grid"
)
_CYCLE = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"]
_LETTERS = {"b": "#0000ff", "g": "#008000", "r": "#ff0000", "c": "#00bfbf", "m": "#bf00bf", "y": "#bfbf00", "k": "#000000", "w": "#ffffff"}
_DASHES = {"--": "6,3", "-.": "7,3,1.5,3", ":": "1.5,3", "dashed": "6,3", "dashdot": "7,3,1.5,3", "dotted": "1.5,3"}
_MARKERS = "os^vDdx+*.,<>p|_hH"
_VIRIDIS = [(68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142), (31, 158, 137), (53, 183, 121), (109, 205, 89), (180, 222, 44), (253, 231, 37)]
_FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"


def load(values):
    """Returns a list of what may be a list, an array, a Series, a range or one value."""
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        return [values]
    if hasattr(values, "tolist") and not hasattr(values, "index") and getattr(values.dtype, "kind", "") != "M":
        values = values.tolist()
        return values if isinstance(values, list) else [values]
    return list(values)


def _color(name, default=None):
    if name is None:
        return default
    if isinstance(name, str):
        if len(name) == 2 and name[0] == "C" and name[1].isdigit():
            return _CYCLE[int(name[1])]
        if name.replace(".", "", 1).isdigit():
            level = round(255 * float(name))
            return f"#{level:02x}{level:02x}{level:02x}"
        return _LETTERS.get(name, name.removeprefix("tab:"))
    return "#" + "".join(f"{round(255 * float(part)):02x}" for part in list(name)[:3])


def _shade(part, cmap=None):
    """Returns the colour of a number from 0 to 1."""
    part = min(max(part, 0.0), 1.0)
    if cmap in ("gray", "Greys_r", "grey"):
        return _color(str(part))
    if cmap in ("Greys", "binary", "gray_r"):
        return _color(str(1 - part))
    if cmap in ("coolwarm", "bwr", "RdBu_r", "seismic"):
        low, high = ((59, 76, 192), (242, 242, 242)) if part < 0.5 else ((242, 242, 242), (180, 4, 38))
        t = part * 2 % 1 if part < 1 else 1.0
    elif cmap in ("Blues", "Reds", "Greens"):
        low, high, t = (247, 251, 255), {"Blues": (8, 48, 107), "Reds": (103, 0, 13), "Greens": (0, 68, 27)}[cmap], part
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


def _nice(low, high, most):
    """Returns round numbers from low to high, at most so many."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((s * power for s in (1, 2, 2.5, 5, 10) if s * power >= raw * (1 - 1e-9)), 10 * power)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _labels(ticks):
    if not ticks:
        return []
    step = min((b - a for a, b in zip(ticks, ticks[1:])), default=abs(ticks[0]) or 1)
    top = max(abs(t) for t in ticks)
    if top >= 1e7 or 0 < top < 1e-4:
        return [f"{t:.3g}".replace("e+0", "e").replace("e-0", "e-") for t in ticks]
    digits = max(0, min(10, -math.floor(math.log10(step) + 1e-9))) if step > 0 else 0
    while digits < 10 and any(abs(round(t, digits) - t) > 1e-9 * max(step, 1e-300) + 1e-12 for t in ticks):
        digits += 1
    return [f"{t if abs(t) > 1e-12 else 0:.{digits}f}".replace("-", "\u2212") for t in ticks]


class Artist:
    """What a call has drawn, for the little that programs do with it."""

    def __init__(self, ax, kind, **what):
        self.axes, self.kind = ax, kind
        self.__dict__.update(what)

    def set_label(self, label):
        self.label = label

    def get_label(self):
        return self.label

    def set_color(self, color):
        self.color = _color(color)

    def get_height(self):
        return self.y1 - self.y0

    def get_width(self):
        return self.x1 - self.x0

    def get_x(self):
        return self.x0

    def get_y(self):
        return self.y0


class Bars(list):
    """The bars of one call, which share a label."""

    patches = property(lambda self: self)


class _Scale:
    """One direction of an axes: from data to numbers, and from those to the picture."""

    def __init__(self):
        self.names = None  # categories
        self.dates = self.log = self.inverted = False
        self.limits = [None, None]
        self.ticks = self.labels = None
        self.rotation = 0
        self.label = ""

    def numbers(self, values):
        out = []
        for v in load(values):
            if isinstance(v, str):
                if self.names is None:
                    self.names = []
                if v not in self.names:
                    self.names.append(v)
                v = self.names.index(v)
            elif isinstance(v, datetime.datetime):
                self.dates, v = True, v.toordinal() + (v.hour * 3600 + v.minute * 60 + v.second) / 86400
            elif isinstance(v, datetime.date):
                self.dates, v = True, v.toordinal()
            elif type(v).__name__ == "datetime64":
                self.dates, v = True, float(v.astype("datetime64[s]").astype("int64")) / 86400 + 719163
            elif v is None:
                v = math.nan
            out.append(float(v))
        return out

    def range(self, found, margin=0.05):
        found = [v for v in found if math.isfinite(v) and (not self.log or v > 0)]
        low, high = (min(found), max(found)) if found else (0.0, 1.0)
        if self.log:
            low, high = math.log10(low), math.log10(high)
        if low == high:
            low, high = (low - 0.5, high + 0.5) if abs(low) < 1e-12 or self.log else (low - 0.05 * abs(low), high + 0.05 * abs(high))
        pad = (high - low) * margin
        low, high = low - pad, high + pad
        for i, limit in enumerate(self.limits):
            if limit is not None:
                value = math.log10(limit) if self.log else limit
                low, high = (value, high) if i == 0 else (low, value)
        self.low, self.high = low, high if high != low else low + 1

    def at(self, value, start, end):
        if self.log:
            value = math.log10(value) if value > 0 else self.low - 1
        part = (value - self.low) / (self.high - self.low)
        return start + (1 - part if self.inverted else part) * (end - start)

    def marks(self, most):
        if self.ticks is not None:
            ticks = self.ticks
            labels = self.labels if self.labels is not None else _labels(ticks)
        elif self.names is not None:
            ticks, labels = list(map(float, range(len(self.names)))), self.names
        elif self.log:
            ticks = [10.0**n for n in range(math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9) + 1)]
            labels = [f"{t:g}" for t in ticks]
        elif self.dates:
            ticks = _nice(self.low, self.high, min(most, 6))
            span = self.high - self.low
            form = "%H:%M" if span < 2 else "%Y-%m-%d" if span < 500 else "%Y-%m"
            labels = [(datetime.datetime.fromordinal(max(int(t), 1)) + datetime.timedelta(days=t % 1)).strftime(form) for t in ticks]
        else:
            ticks = _nice(self.low, self.high, most)
            labels = _labels(ticks)
        low, high = sorted((self.low, self.high))
        inside = lambda t: low - 1e-9 <= (math.log10(t) if self.log and t > 0 else t) <= high + 1e-9
        return [(t, str(label)) for t, label in zip(ticks, labels) if inside(t)]


class Axes:
    def __init__(self, figure, cell):
        self.figure, self.cell = figure, cell
        self.clear()

    def clear(self):
        self.x, self.y = _Scale(), _Scale()
        self.artists, self.title, self._legend, self._grid, self._colorbar = [], "", None, bool(matplotlib.rcParams.get("axes.grid")), None
        self.equal = self.hidden = False
        self.next = 0
        self.share = None

    cla = clear

    def _add(self, kind, **what):
        what.setdefault("label", None)
        made = Artist(self, kind, **what)
        self.artists.append(made)
        return made

    def _cycle(self, color):
        if color is not None:
            return _color(color)
        self.next += 1
        return _CYCLE[(self.next - 1) % len(_CYCLE)]

    # ---- what is drawn ----

    def plot(self, *arguments, data=None, color=None, c=None, linestyle=None, ls=None, marker=None, linewidth=None, lw=None, markersize=None, ms=None, alpha=1, label=None, **ignored):
        rest, made = list(arguments), []
        if data is not None:
            rest = [data[part] if isinstance(part, str) and part in data else part for part in rest]
        while rest:
            ys, xs, form = rest.pop(0), None, None
            if rest and not isinstance(rest[0], str):
                xs, ys = ys, rest.pop(0)
            if rest and isinstance(rest[0], str):
                form = rest.pop(0)
            if xs is None:
                xs = ys.index if hasattr(ys, "index") and hasattr(ys, "values") else range(len(load(ys)))
            fc, fl, fm = _format(form) if form else (None, "-", None)
            columns = [load(ys)]
            if columns[0] and isinstance(columns[0][0], (list, tuple)):
                columns = [list(column) for column in zip(*columns[0])]
            for column in columns:
                x, y = self.x.numbers(xs), self.y.numbers(column)
                if len(x) != len(y):
                    raise ValueError(f"x and y must have same first dimension, but have shapes ({len(x)},) and ({len(y)},)")
                made.append(self._add(
                    "line", xs=x, ys=y, color=self._cycle(color or c or fc), dash=linestyle or ls or fl, marker=marker or fm,
                    width=linewidth or lw or matplotlib.rcParams.get("lines.linewidth", 1.5), size=markersize or ms or 6, alpha=alpha, label=label,
                ))
        return made

    def semilogx(self, *arguments, **named):
        self.x.log = True
        return self.plot(*arguments, **named)

    def semilogy(self, *arguments, **named):
        self.y.log = True
        return self.plot(*arguments, **named)

    def loglog(self, *arguments, **named):
        self.x.log = self.y.log = True
        return self.plot(*arguments, **named)

    def step(self, x, y, *form, where="pre", **named):
        x, y = self.x.numbers(x), self.y.numbers(y)
        xs, ys = [x[0]], [y[0]]
        for i in range(1, len(x)):
            xs += [x[i - 1], x[i]] if where == "pre" else [x[i], x[i]]
            ys += [y[i], y[i]] if where == "pre" else [y[i - 1], y[i]]
        return self.plot(xs, ys, *form, **named)

    def stem(self, x, y=None, **named):
        if y is None:
            x, y = range(len(load(x))), x
        x, y = self.x.numbers(x), self.y.numbers(y)
        color = self._cycle(None)
        for a, b in zip(x, y):
            self._add("line", xs=[a, a], ys=[0, b], color=color, dash="-", marker=None, width=1.5, size=6, alpha=1)
        return self._add("line", xs=x, ys=y, color=color, dash="", marker="o", width=1.5, size=6, alpha=1, label=named.get("label"))

    def errorbar(self, x, y, yerr=None, xerr=None, fmt="", capsize=3, label=None, color=None, **named):
        line = self.plot(x, y, *([fmt] if fmt and fmt != "none" else []), label=label, color=color, **{k: v for k, v in named.items() if k in ("marker", "linestyle", "alpha")})[0]
        for errors, along in ((yerr, "y"), (xerr, "x")):
            if errors is None:
                continue
            errors = load(errors)
            below, above = (load(errors[0]), load(errors[1])) if len(errors) == 2 and hasattr(errors[0], "__iter__") else (errors, errors)
            n = len(line.xs)
            below, above = (part * n if len(part) == 1 else part for part in (below, above))
            for a, b, lo, hi in zip(line.xs, line.ys, below, above):
                xs, ys = ([a, a], [b - lo, b + hi]) if along == "y" else ([a - lo, a + hi], [b, b])
                self._add("line", xs=xs, ys=ys, color=line.color, dash="-", marker="_" if along == "y" else "|", width=1.2, size=2 * capsize, alpha=1)
        return line

    def scatter(self, x, y, s=None, c=None, marker="o", alpha=1, label=None, color=None, cmap=None, vmin=None, vmax=None, edgecolors=None, data=None, **ignored):
        if data is not None:
            x, y = data[x], data[y]
        x, y = self.x.numbers(x), self.y.numbers(y)
        if len(x) != len(y):
            raise ValueError("x and y must be the same size")
        sizes = [math.sqrt(v) for v in load(36 if s is None else s)]
        shades = None
        if c is not None and not isinstance(c, str):
            c = load(c)
            if len(c) == len(x) and not isinstance(c[0], str) and not hasattr(c[0], "__iter__"):
                low, high = min(c) if vmin is None else vmin, max(c) if vmax is None else vmax
                shades = [_shade((v - low) / ((high - low) or 1), cmap) for v in c]
                self._mapped = (low, high, cmap)
            elif len(c) == len(x):
                shades = [_color(v) for v in c]
            else:
                color = c[0] if isinstance(c[0], str) else c
        elif c is not None:
            color = c
        return self._add("points", xs=x, ys=y, sizes=sizes, color=shades[0] if shades else self._cycle(color), shades=shades, marker=marker or "o", alpha=alpha, label=label)

    def bar(self, x, height, width=0.8, bottom=0, *, align="center", color=None, label=None, alpha=1, edgecolor=None, yerr=None, data=None, **ignored):
        if data is not None:
            x, height = data[x], data[height]
        return self._bars(self.x, self.y, x, height, width, bottom, align, color, label, alpha, edgecolor, yerr, False)

    def barh(self, y, width, height=0.8, left=0, *, align="center", color=None, label=None, alpha=1, edgecolor=None, xerr=None, data=None, **ignored):
        if data is not None:
            y, width = data[y], data[width]
        return self._bars(self.y, self.x, y, width, height, left, align, color, label, alpha, edgecolor, xerr, True)

    def _bars(self, along, across, at, values, width, base, align, color, label, alpha, edge, errors, lying):
        at, values = along.numbers(at), across.numbers(values)
        if len(values) == 1 and len(at) > 1:
            values *= len(at)
        if len(at) != len(values):
            raise ValueError(f"shape mismatch: {len(at)} positions and {len(values)} values")
        widths, bases = load(width), across.numbers(base)
        colors = [_color(each) for each in load(color)] if color is not None and not isinstance(color, (str, tuple)) else [self._cycle(color)]
        labels = load(label) if label is not None and not isinstance(label, str) else None
        made = Bars()
        for i, (a, v) in enumerate(zip(at, values)):
            w, b = widths[i % len(widths)], bases[i % len(bases)]
            start = a - w / 2 if align == "center" else a
            box = dict(x0=b, x1=b + v, y0=start, y1=start + w) if lying else dict(x0=start, x1=start + w, y0=b, y1=b + v)
            said = labels[i] if labels else label if i == 0 else None
            made.append(self._add("box", **box, color=colors[i % len(colors)], alpha=alpha, edge=_color(edge), label=said, sticky="x" if lying else "y"))
        if errors is not None:
            errors = load(errors)
            for i, bar in enumerate(made):
                e = errors[i % len(errors)]
                x, y = (bar.x0 + bar.x1) / 2, (bar.y0 + bar.y1) / 2
                xs, ys = ([bar.x1 - e, bar.x1 + e], [y, y]) if lying else ([x, x], [bar.y1 - e, bar.y1 + e])
                self._add("line", xs=xs, ys=ys, color="#000000", dash="-", marker="|" if lying else "_", width=1.2, size=6, alpha=1)
        return made

    def bar_label(self, bars, labels=None, fmt="%g", **ignored):
        for i, bar in enumerate(bars):
            lying = bar.sticky == "x"
            value = bar.x1 - bar.x0 if lying else bar.y1 - bar.y0
            text = labels[i] if labels is not None else (fmt % value if "%" in fmt else fmt.format(value))
            self._add("text", x=bar.x1 if lying else (bar.x0 + bar.x1) / 2, y=(bar.y0 + bar.y1) / 2 if lying else bar.y1, text=str(text),
                      color="#000000", size=12, ha="left" if lying else "center", va="center" if lying else "bottom", shift=(4, 0) if lying else (0, -3), rotation=0)

    def hist(self, x, bins=10, range=None, density=False, cumulative=False, color=None, label=None, alpha=1, edgecolor=None, histtype="bar", orientation="vertical", weights=None, **ignored):
        values = load(x)
        many = bool(values) and hasattr(values[0], "__iter__") and not isinstance(values[0], str)
        groups = [[v for v in self.x.numbers(g) if math.isfinite(v)] for g in (values if many else [values])]
        every = [v for g in groups for v in g]
        if isinstance(bins, str):
            bins = max(1, math.ceil(math.log2(max(len(every), 1)) + 1))
        if not hasattr(bins, "__iter__"):
            low, high = range if range is not None else (min(every, default=0), max(every, default=1))
            if low == high:
                low, high = low - 0.5, high + 0.5
            count = int(bins)
            edges = [low + (high - low) * i / count for i in builtin_range(count + 1)]
        else:
            edges = [float(b) for b in load(bins)]
        counts, patches = [], []
        for g, values in enumerate(groups):
            weigh = load(weights) if weights is not None else [1.0] * len(values)
            n = [0.0] * (len(edges) - 1)
            for v, w in zip(values, weigh):
                if edges[0] <= v <= edges[-1]:
                    i = min(sum(1 for e in edges[1:-1] if v >= e), len(n) - 1)
                    n[i] += w
            if density:
                total = sum(n)
                n = [v / total / (edges[i + 1] - edges[i]) if total else 0.0 for i, v in enumerate(n)]
            if cumulative:
                for i in builtin_range(1, len(n)):
                    n[i] += n[i - 1]
            part = 1 / len(groups)
            each = load(color)[g] if color is not None and many and not isinstance(color, str) else color
            fill = self._cycle(each)
            said = load(label)[g] if many and label is not None and not isinstance(label, str) else label if g == 0 else None
            made = Bars()
            for i, v in enumerate(n):
                w = (edges[i + 1] - edges[i]) * part
                start = edges[i] + g * w
                box = dict(x0=start, x1=start + w, y0=0.0, y1=v) if orientation == "vertical" else dict(y0=start, y1=start + w, x0=0.0, x1=v)
                made.append(self._add("box", **box, color=fill, alpha=alpha, edge=_color(edgecolor), label=said if i == 0 else None, sticky="y" if orientation == "vertical" else "x"))
            counts.append(n)
            patches.append(made)
        try:
            import numpy

            counts, edges = [numpy.array(n) for n in counts], numpy.array(edges)
        except ImportError:
            pass
        return (counts, edges, patches) if many else (counts[0], edges, patches[0])

    def pie(self, x, explode=None, labels=None, colors=None, autopct=None, startangle=0, counterclock=True, **ignored):
        self.pied = True
        values = [float(v) for v in load(x)]
        total = sum(values) or 1.0
        self._add("pie", parts=[v / total for v in values], explode=load(explode) if explode is not None else [0] * len(values), names=[str(n) for n in load(labels)] if labels is not None else [""] * len(values),
                  colors=[_color(each) for each in load(colors)] if colors is not None else _CYCLE, autopct=autopct, start=startangle, turn=1 if counterclock else -1)
        self.hidden = self.equal = True
        return [], []

    def fill_between(self, x, y1, y2=0, where=None, color=None, alpha=1, label=None, **ignored):
        x = self.x.numbers(x)
        low, high = ([v * 1.0 for v in (part * len(x) if len(part) == 1 else part)] for part in (self.y.numbers(y2), self.y.numbers(y1)))
        color = self._cycle(color or ignored.get("facecolor"))
        run, made = [], None
        for i, ok in enumerate(load(where) if where is not None else [True] * len(x)):
            if ok:
                run.append(i)
            if run and (not ok or i == len(x) - 1):
                made = self._add("area", xs=[x[k] for k in run] + [x[k] for k in reversed(run)], ys=[high[k] for k in run] + [low[k] for k in reversed(run)], color=color, alpha=alpha, label=label if made is None else None)
                run = []
        return made

    def stackplot(self, x, *ys, labels=(), colors=None, alpha=1, **ignored):
        if len(ys) == 1 and hasattr(load(ys[0])[0], "__iter__"):
            ys = load(ys[0])
        base = [0.0] * len(load(x))
        for i, y in enumerate(ys):
            top = [a + b for a, b in zip(base, self.y.numbers(y))]
            self.fill_between(x, top, base, color=load(colors)[i] if colors is not None else None, alpha=alpha, label=list(labels)[i] if i < len(labels) else None)
            base = top

    def boxplot(self, x, labels=None, tick_labels=None, vert=True, **ignored):
        groups = load(x)
        if groups and not hasattr(groups[0], "__iter__"):
            groups = [groups]
        for i, group in enumerate(groups):
            v = sorted(f for f in self.y.numbers(group) if math.isfinite(f))
            if not v:
                continue

            def at(part):
                k = (len(v) - 1) * part
                return v[int(k)] + (v[min(int(k) + 1, len(v) - 1)] - v[int(k)]) * (k % 1)

            q1, q2, q3 = at(0.25), at(0.5), at(0.75)
            inside = [f for f in v if q1 - 1.5 * (q3 - q1) <= f <= q3 + 1.5 * (q3 - q1)]
            n = i + 1.0
            line = lambda xs, ys, color="#000000": self._add("line", xs=xs, ys=ys, color=color, dash="-", marker=None, width=1.2, size=6, alpha=1)
            line([n - 0.25, n + 0.25, n + 0.25, n - 0.25, n - 0.25], [q1, q1, q3, q3, q1])
            line([n - 0.25, n + 0.25], [q2, q2], "#ff7f0e")
            for end, quartile in ((inside[0], q1), (inside[-1], q3)):
                line([n, n], [quartile, end])
                line([n - 0.12, n + 0.12], [end, end])
            out = [f for f in v if f < inside[0] or f > inside[-1]]
            if out:
                self._add("points", xs=[n] * len(out), ys=out, sizes=[6], color="#000000", shades=None, marker="o", alpha=0.7)
        names = tick_labels if tick_labels is not None else labels
        self.x.ticks = [float(i + 1) for i in range(len(groups))]
        self.x.labels = [str(n) for n in names] if names is not None else [str(i + 1) for i in range(len(groups))]

    def imshow(self, X, cmap=None, vmin=None, vmax=None, origin="upper", extent=None, aspect=None, **ignored):
        rows = [[cell.tolist() if hasattr(cell, "tolist") else cell for cell in load(row)] for row in load(X)]
        if len(rows) * len(rows[0]) > 40_000:
            raise ValueError("this stand-in for matplotlib draws pictures of at most 40,000 cells; take every n-th")
        if isinstance(rows[0][0], (list, tuple)):
            top = 255 if any(part > 1 for row in rows for cell in row for part in cell) else 1
            colors = [[_color([part / top for part in cell]) for cell in row] for row in rows]
        else:
            flat = [v for row in rows for v in row if math.isfinite(v)]
            low, high = min(flat, default=0) if vmin is None else vmin, max(flat, default=1) if vmax is None else vmax
            colors = [[_shade((v - low) / ((high - low) or 1), cmap) if math.isfinite(v) else "#ffffff" for v in row] for row in rows]
            self._mapped = (low, high, cmap)
        if origin == "upper":
            self.y.inverted = True
        self.equal = aspect != "auto"
        x0, x1, y0, y1 = extent if extent is not None else (-0.5, len(rows[0]) - 0.5, -0.5, len(rows) - 0.5)
        return self._add("image", colors=colors, x0=x0, x1=x1, y0=y0, y1=y1)

    matshow = imshow

    def axhline(self, y=0, xmin=0, xmax=1, **named):
        return self._rule("y", y, named)

    def axvline(self, x=0, ymin=0, ymax=1, **named):
        return self._rule("x", x, named)

    def _rule(self, along, at, named):
        scale = self.x if along == "x" else self.y
        return self._add("rule", along=along, at=scale.numbers(at)[0], color=self._cycle(named.get("color", named.get("c"))), dash=named.get("linestyle", named.get("ls", "-")),
                         width=named.get("linewidth", named.get("lw", 1.5)), alpha=named.get("alpha", 1), label=named.get("label"))

    def axhspan(self, ymin, ymax, **named):
        return self._add("span", along="y", a=self.y.numbers(ymin)[0], b=self.y.numbers(ymax)[0], color=self._cycle(named.get("color", named.get("facecolor"))), alpha=named.get("alpha", 1), label=named.get("label"))

    def axvspan(self, xmin, xmax, **named):
        return self._add("span", along="x", a=self.x.numbers(xmin)[0], b=self.x.numbers(xmax)[0], color=self._cycle(named.get("color", named.get("facecolor"))), alpha=named.get("alpha", 1), label=named.get("label"))

    def hlines(self, y, xmin, xmax, colors=None, linestyles="-", **named):
        for v in load(y):
            self.plot([xmin, xmax], [v, v], color=colors or "C0", linestyle=linestyles, label=named.pop("label", None))

    def vlines(self, x, ymin, ymax, colors=None, linestyles="-", **named):
        for v in load(x):
            self.plot([v, v], [ymin, ymax], color=colors or "C0", linestyle=linestyles, label=named.pop("label", None))

    def text(self, x, y, s, fontsize=None, color=None, ha=None, va=None, rotation=0, horizontalalignment=None, verticalalignment=None, **ignored):
        return self._add("text", x=self.x.numbers(x)[0], y=self.y.numbers(y)[0], text=str(s), color=_color(color, "#000000"), size=_size(fontsize, 13), ha=ha or horizontalalignment or "left",
                         va=va or verticalalignment or "baseline", rotation=rotation if isinstance(rotation, (int, float)) else 90, shift=(0, 0))

    def annotate(self, text, xy, xytext=None, arrowprops=None, textcoords=None, **named):
        x, y = self.x.numbers(xy[0])[0], self.y.numbers(xy[1])[0]
        shift, at = (0, 0), (x, y)
        if xytext is not None and textcoords in ("offset points", "offset pixels"):
            shift = (xytext[0] * 1.4, -xytext[1] * 1.4)
        elif xytext is not None:
            at = (self.x.numbers(xytext[0])[0], self.y.numbers(xytext[1])[0])
        made = self.text(at[0], at[1], text, **named)
        made.shift = shift
        if arrowprops is not None:
            self._add("arrow", xs=[at[0], x], ys=[at[1], y], shift=shift, color=_color(arrowprops.get("color"), "#000000"))
        return made

    # ---- what is said about them ----

    def set_title(self, text, **ignored):
        self.title = str(text)

    def set_xlabel(self, text, **ignored):
        self.x.label = str(text)

    def set_ylabel(self, text, **ignored):
        self.y.label = str(text)

    def set(self, **named):
        for name, value in named.items():
            getattr(self, "set_" + name)(value)

    def _limit(self, scale, left=None, right=None):
        if left is None and right is None:
            return tuple(scale.limits)
        if hasattr(left, "__iter__") and not isinstance(left, str):
            left, right = left
        for i, v in enumerate((left, right)):
            if v is not None:
                scale.limits[i] = scale.numbers(v)[0]
        return tuple(scale.limits)

    def _xlim(self, left=None, right=None, **named):
        return self._limit(self.x, named.get("xmin", left), named.get("xmax", right))

    def _ylim(self, bottom=None, top=None, **named):
        return self._limit(self.y, named.get("ymin", bottom), named.get("ymax", top))

    set_xlim, set_ylim = _xlim, _ylim

    def get_xlim(self):
        self._measure()
        return self.x.low, self.x.high

    def get_ylim(self):
        self._measure()
        return self.y.low, self.y.high

    def set_xscale(self, kind, **ignored):
        self.x.log = kind in ("log", "symlog")

    def set_yscale(self, kind, **ignored):
        self.y.log = kind in ("log", "symlog")

    def _ticks(self, scale, ticks=None, labels=None, rotation=None):
        if ticks is not None:
            scale.ticks = scale.numbers(ticks) if load(ticks) else []
            scale.labels = None
        if labels is not None:
            scale.labels = [str(getattr(each, "text", each)) for each in load(labels)]
            if scale.ticks is None:
                scale.ticks = [float(i) for i in range(len(scale.labels))]
        if rotation is not None:
            scale.rotation = 90 if rotation == "vertical" else float(rotation)
        return scale.ticks, scale.labels

    def _xticks(self, ticks=None, labels=None, rotation=None, **ignored):
        return self._ticks(self.x, ticks, labels, rotation)

    def _yticks(self, ticks=None, labels=None, rotation=None, **ignored):
        return self._ticks(self.y, ticks, labels, rotation)

    set_xticks, set_yticks = _xticks, _yticks

    def set_xticklabels(self, labels, rotation=None, **ignored):
        self._ticks(self.x, None, labels, rotation)

    def set_yticklabels(self, labels, rotation=None, **ignored):
        self._ticks(self.y, None, labels, rotation)

    def tick_params(self, axis="both", rotation=None, labelrotation=None, **ignored):
        turn = labelrotation if labelrotation is not None else rotation
        if turn is not None and axis in ("x", "both"):
            self.x.rotation = turn

    def grid(self, visible=True, *ignored, **named):
        self._grid = True if visible is None else bool(visible)

    def legend(self, *arguments, labels=None, loc="best", title=None, **ignored):
        names = labels
        if len(arguments) == 1:
            names = arguments[0]
        elif len(arguments) == 2:
            for artist, name in zip(arguments[0], arguments[1]):
                (artist[0] if isinstance(artist, Bars) else artist).label = str(name)
        if names is not None:
            fresh = [a for a in self.artists if a.kind in ("line", "points", "box", "area")]
            heads, seen = [], set()
            for a in fresh:
                if (a.kind, a.color) not in seen:
                    seen.add((a.kind, a.color))
                    heads.append(a)
            for artist, name in zip(heads, load(names)):
                artist.label = str(name)
        self._legend = (loc if isinstance(loc, str) else "best", title)

    def invert_yaxis(self):
        self.y.inverted = not self.y.inverted

    def invert_xaxis(self):
        self.x.inverted = not self.x.inverted

    def set_aspect(self, kind, **ignored):
        self.equal = kind == "equal" or kind == 1

    def axis(self, what=None, **ignored):
        if what in ("off", False):
            self.hidden = True
        elif what in ("equal", "square", "image", "scaled"):
            self.equal = True
        elif isinstance(what, (list, tuple)):
            self._xlim(what[0], what[1])
            self._ylim(what[2], what[3])

    def set_axis_off(self):
        self.hidden = True

    def get_legend_handles_labels(self):
        said = [a for a in self.artists if a.label and not str(a.label).startswith("_")]
        return said, [a.label for a in said]

    def get_figure(self):
        return self.figure

    def twinx(self):
        raise NotImplementedError("this stand-in for matplotlib has one scale in each direction; draw the second in a subplot of its own")

    twiny = twinx

    def __getattr__(self, name):
        if name == "transAxes" or name.startswith("__"):
            raise AttributeError(f"this stand-in for matplotlib has no {name}: places are in the units of the data")
        raise AttributeError(f"this stand-in for matplotlib has no Axes.{name}; {stand_in}")

    # ---- the picture ----

    def _measure(self):
        xs, ys, tight = [], [], set()
        for a in self.artists:
            if a.kind in ("line", "points", "area"):
                xs += a.xs
                ys += a.ys
            elif a.kind in ("box", "image"):
                xs += [a.x0, a.x1]
                ys += [a.y0, a.y1]
                if a.kind == "image":
                    tight |= {"x", "y"}
            elif a.kind == "rule":
                (xs if a.along == "x" else ys).append(a.at)
            elif a.kind == "span":
                (xs if a.along == "x" else ys).extend((a.a, a.b))
            elif a.kind in ("text", "arrow"):
                continue
        self.x.range(xs, 0 if "x" in tight else 0.05)
        self.y.range(ys, 0 if "y" in tight else 0.05)
        # Bars stand on the axis.
        for scale, name, ends in ((self.x, "x", ("x0", "x1")), (self.y, "y", ("y0", "y1"))):
            boxes = [a for a in self.artists if a.kind == "box" and a.sticky == name]
            if boxes and not scale.log:
                found = [getattr(a, end) for a in boxes for end in ends]
                others = xs if name == "x" else ys
                if min(found) >= 0 and min((v for v in others if math.isfinite(v)), default=0) >= 0 and scale.limits[0] is None:
                    scale.low = 0.0
                if max(found) <= 0 and scale.limits[1] is None:
                    scale.high = 0.0
                if scale.high <= scale.low:
                    scale.high = scale.low + 1

    def _draw(self, out, left, top, width, height):
        self._measure()
        x0, y0, w, h = left, top, width, height
        marks_y = [] if self.hidden else self.y.marks(max(2, int(height / 45)))
        longest = max((len(label) for _, label in marks_y), default=0)
        marks_x = [] if self.hidden else self.x.marks(max(2, int(width / 75)))
        turned = math.sin(math.radians(abs(self.x.rotation)))
        below = max((len(label) for _, label in marks_x), default=0) * 7 * turned
        pad_left = 12 if self.hidden else 16 + 7.5 * longest + (20 if self.y.label else 0)
        pad_bottom = 12 if self.hidden else 26 + below + (22 if self.x.label else 0)
        pad_right = 70 if self._colorbar is not None else 16
        pad_top = 30 if self.title else 14
        x0, y0, w, h = x0 + pad_left, y0 + pad_top, max(w - pad_left - pad_right, 20), max(h - pad_top - pad_bottom, 20)
        if self.equal and not any(a.kind == "pie" for a in self.artists):
            ratio = abs((self.y.high - self.y.low) / (self.x.high - self.x.low))
            if h > w * ratio:
                y0, h = y0 + (h - w * ratio) / 2, w * ratio
            else:
                x0, w = x0 + (w - h / ratio) / 2, h / ratio
        X, Y = lambda v: self.x.at(v, x0, x0 + w), lambda v: self.y.at(v, y0 + h, y0)
        clip = f"clip{len(out)}"
        out.append(f"<clipPath id='{clip}'><rect x='{x0:.2f}' y='{y0:.2f}' width='{w:.2f}' height='{h:.2f}'/></clipPath>")
        if self._grid and not self.hidden:
            for t, _ in marks_x:
                out.append(f"<path d='M{X(t):.2f} {y0:.2f}V{y0 + h:.2f}' stroke='#d0d0d0' stroke-width='0.8'/>")
            for t, _ in marks_y:
                out.append(f"<path d='M{x0:.2f} {Y(t):.2f}H{x0 + w:.2f}' stroke='#d0d0d0' stroke-width='0.8'/>")
        out.append(f"<g clip-path='url(#{clip})'>")
        for a in self.artists:
            if a.kind not in ("text", "arrow", "pie"):
                getattr(self, "_draw_" + a.kind)(out, a, X, Y, (x0, y0, w, h))
        out.append("</g>")
        if not self.hidden:
            out.append(f"<rect x='{x0:.2f}' y='{y0:.2f}' width='{w:.2f}' height='{h:.2f}' fill='none' stroke='#000000' stroke-width='0.9'/>")
            for t, label in marks_x:
                out.append(f"<path d='M{X(t):.2f} {y0 + h:.2f}v4' stroke='#000000' stroke-width='0.9'/>")
                if self.x.rotation:
                    _text(out, X(t) + 4, y0 + h + 14, label, 12, "end", rotation=self.x.rotation)
                else:
                    _text(out, X(t), y0 + h + 17, label, 12, "middle")
            for t, label in marks_y:
                out.append(f"<path d='M{x0:.2f} {Y(t):.2f}h-4' stroke='#000000' stroke-width='0.9'/>")
                _text(out, x0 - 7, Y(t) + 4.3, label, 12, "end")
            if self.x.label:
                _text(out, x0 + w / 2, y0 + h + 36 + below, self.x.label, 13, "middle")
            if self.y.label:
                _text(out, x0 - 16 - 7.5 * longest, y0 + h / 2, self.y.label, 13, "middle", rotation=90)
        if self.title:
            _text(out, x0 + w / 2, y0 - 10, self.title, 15, "middle")
        for a in self.artists:
            if a.kind == "pie":
                self._draw_pie(out, a, x0, y0, w, h)
            elif a.kind == "text":
                dy = {"center": 0.35, "top": 0.9, "bottom": -0.2}.get(a.va, 0) * a.size
                for n, line in enumerate(a.text.split("\n")):
                    _text(out, X(a.x) + a.shift[0], Y(a.y) + a.shift[1] + dy + n * a.size * 1.2, line, a.size, {"center": "middle", "right": "end"}.get(a.ha, "start"), a.color, a.rotation)
            elif a.kind == "arrow":
                out.append(_arrow(X(a.xs[0]) + a.shift[0], Y(a.ys[0]) + a.shift[1], X(a.xs[1]), Y(a.ys[1]), a.color))
        if self._colorbar is not None and getattr(self, "_mapped", None):
            low, high, cmap = self._mapped
            for i in range(40):
                out.append(f"<rect x='{x0 + w + 12:.2f}' y='{y0 + h * (39 - i) / 40:.2f}' width='14' height='{h / 40 + 0.5:.2f}' fill='{_shade(i / 39, cmap)}'/>")
            for t, label in zip(ticks := _nice(low, high, 5), _labels(ticks)):
                _text(out, x0 + w + 30, y0 + h * (1 - (t - low) / ((high - low) or 1)) + 4, label, 11, "start")
            _text(out, x0 + w + 19, y0 - 4, self._colorbar, 11, "middle")
        if self._legend:
            self._draw_legend(out, X, Y, x0, y0, w, h)

    def _draw_line(self, out, a, X, Y, _):
        if a.dash not in ("", "None", "none", " ", None):
            path, pen = [], "M"
            for x, y in zip(a.xs, a.ys):
                if not (math.isfinite(x) and math.isfinite(y)) or self.y.log and y <= 0 or self.x.log and x <= 0:
                    pen = "M"
                    continue
                path.append(f"{pen}{X(x):.2f} {Y(y):.2f}")
                pen = "L"
            dash = f" stroke-dasharray='{_DASHES[a.dash]}'" if a.dash in _DASHES else ""
            out.append(f"<path d='{''.join(path)}' fill='none' stroke='{escape(a.color)}' stroke-width='{a.width * 1.3:.2f}' stroke-opacity='{a.alpha or 1}' stroke-linejoin='round'{dash}/>")
        if a.marker and a.marker not in ("None", "none"):
            for x, y in zip(a.xs, a.ys):
                if math.isfinite(x) and math.isfinite(y):
                    out.append(_mark(a.marker, X(x), Y(y), a.size * 0.7, a.color, a.alpha))

    def _draw_points(self, out, a, X, Y, _):
        for i, (x, y) in enumerate(zip(a.xs, a.ys)):
            if math.isfinite(x) and math.isfinite(y):
                out.append(_mark(a.marker, X(x), Y(y), a.sizes[i % len(a.sizes)] * 0.7, a.shades[i] if a.shades else a.color, a.alpha))

    def _draw_box(self, out, a, X, Y, _):
        if not all(map(math.isfinite, (a.x0, a.x1, a.y0, a.y1))):
            return
        low_x, low_y = (max(v, 10.0**s.low) if s.log else v for v, s in ((a.x0, self.x), (a.y0, self.y)))
        xs, ys = sorted((X(low_x), X(a.x1))), sorted((Y(low_y), Y(a.y1)))
        edge = f" stroke='{escape(a.edge)}' stroke-width='1'" if a.edge else ""
        out.append(f"<rect x='{xs[0]:.2f}' y='{ys[0]:.2f}' width='{xs[1] - xs[0]:.2f}' height='{ys[1] - ys[0]:.2f}' fill='{escape(a.color)}' fill-opacity='{a.alpha or 1}'{edge}/>")

    def _draw_area(self, out, a, X, Y, _):
        points = " ".join(f"{X(x):.2f},{Y(y):.2f}" for x, y in zip(a.xs, a.ys) if math.isfinite(x) and math.isfinite(y))
        out.append(f"<polygon points='{points}' fill='{escape(a.color)}' fill-opacity='{a.alpha or 1}'/>")

    def _draw_rule(self, out, a, X, Y, place):
        x0, y0, w, h = place
        path = f"M{X(a.at):.2f} {y0:.2f}v{h:.2f}" if a.along == "x" else f"M{x0:.2f} {Y(a.at):.2f}h{w:.2f}"
        dash = f" stroke-dasharray='{_DASHES[a.dash]}'" if a.dash in _DASHES else ""
        out.append(f"<path d='{path}' stroke='{escape(a.color)}' stroke-width='{a.width * 1.3:.2f}' stroke-opacity='{a.alpha or 1}'{dash}/>")

    def _draw_span(self, out, a, X, Y, place):
        x0, y0, w, h = place
        if a.along == "x":
            x0, w = min(X(a.a), X(a.b)), abs(X(a.a) - X(a.b))
        else:
            y0, h = min(Y(a.a), Y(a.b)), abs(Y(a.a) - Y(a.b))
        out.append(f"<rect x='{x0:.2f}' y='{y0:.2f}' width='{w:.2f}' height='{h:.2f}' fill='{escape(a.color)}' fill-opacity='{a.alpha or 1}'/>")

    def _draw_image(self, out, a, X, Y, _):
        rows, columns = len(a.colors), len(a.colors[0])
        dx, dy = (a.x1 - a.x0) / columns, (a.y1 - a.y0) / rows
        for r, row in enumerate(a.colors):
            for c, color in enumerate(row):
                xs, ys = sorted((X(a.x0 + c * dx), X(a.x0 + (c + 1) * dx))), sorted((Y(a.y0 + r * dy), Y(a.y0 + (r + 1) * dy)))
                out.append(f"<rect x='{xs[0]:.2f}' y='{ys[0]:.2f}' width='{xs[1] - xs[0] + 0.3:.2f}' height='{ys[1] - ys[0] + 0.3:.2f}' fill='{color}'/>")

    def _draw_pie(self, out, a, x0, y0, w, h):
        radius, cx, cy = min(w, h) * 0.4, x0 + w / 2, y0 + h / 2
        angle = a.start / 360
        for i, part in enumerate(a.parts):
            end = angle + a.turn * part
            middle = math.tau * (angle + end) / 2
            ox, oy = cx + a.explode[i] * radius * math.cos(middle), cy - a.explode[i] * radius * math.sin(middle)
            color = escape(a.colors[i % len(a.colors)])
            if part >= 1 - 1e-12:
                out.append(f"<circle cx='{ox:.2f}' cy='{oy:.2f}' r='{radius:.2f}' fill='{color}'/>")
            else:
                px, py = (ox + radius * math.cos(math.tau * angle), oy - radius * math.sin(math.tau * angle))
                qx, qy = (ox + radius * math.cos(math.tau * end), oy - radius * math.sin(math.tau * end))
                out.append(f"<path d='M{ox:.2f} {oy:.2f}L{px:.2f} {py:.2f}A{radius:.2f} {radius:.2f} 0 {int(part > 0.5)} {int(a.turn < 0)} {qx:.2f} {qy:.2f}Z' fill='{color}'/>")
            _text(out, ox + 1.1 * radius * math.cos(middle), oy - 1.1 * radius * math.sin(middle) + 4, a.names[i], 13, "start" if math.cos(middle) >= 0 else "end")
            if a.autopct is not None:
                said = a.autopct(part * 100) if callable(a.autopct) else a.autopct % (part * 100)
                _text(out, ox + 0.6 * radius * math.cos(middle), oy - 0.6 * radius * math.sin(middle) + 4, said, 13, "middle")
            angle = end
        if self._legend:
            for i, name in enumerate(a.names):
                self._add("box", x0=0, x1=0, y0=0, y1=0, color=a.colors[i % len(a.colors)], alpha=1, edge=None, label=name, sticky="")

    def _draw_legend(self, out, X, Y, x0, y0, w, h):
        said, names = self.get_legend_handles_labels()
        if not said:
            return
        loc, title = self._legend
        rows = len(said) + bool(title)
        width, height = 44 + 7.4 * max(len(str(n)) for n in [*names, title or ""]), 10 + 18 * rows
        corners = {"upper right": (x0 + w - width - 8, y0 + 8), "upper left": (x0 + 8, y0 + 8), "lower left": (x0 + 8, y0 + h - height - 8), "lower right": (x0 + w - width - 8, y0 + h - height - 8),
                   "center": (x0 + (w - width) / 2, y0 + (h - height) / 2), "upper center": (x0 + (w - width) / 2, y0 + 8), "lower center": (x0 + (w - width) / 2, y0 + h - height - 8),
                   "center left": (x0 + 8, y0 + (h - height) / 2), "center right": (x0 + w - width - 8, y0 + (h - height) / 2), "right": (x0 + w - width - 8, y0 + (h - height) / 2)}
        if loc not in corners:
            places = [(X(x), Y(y)) for a in self.artists if a.kind in ("line", "points") for x, y in zip(a.xs, a.ys) if math.isfinite(x) and math.isfinite(y)]
            places += [(X((a.x0 + a.x1) / 2), Y(v)) for a in self.artists if a.kind == "box" for v in (a.y0 + (a.y1 - a.y0) * part for part in (0.25, 0.5, 0.75, 1))]
            loc = min(["upper right", "upper left", "lower left", "lower right"], key=lambda c: sum(1 for x, y in places if corners[c][0] <= x <= corners[c][0] + width and corners[c][1] <= y <= corners[c][1] + height))
        lx, ly = corners[loc]
        out.append(f"<rect x='{lx:.2f}' y='{ly:.2f}' width='{width:.2f}' height='{height:.2f}' rx='3' fill='#ffffff' fill-opacity='0.85' stroke='#cccccc'/>")
        if title:
            _text(out, lx + width / 2, ly + 17, title, 12, "middle")
        for i, (a, name) in enumerate(zip(said, names)):
            y = ly + 14 + 18 * (i + bool(title))
            if a.kind in ("line", "rule"):
                dash = f" stroke-dasharray='{_DASHES[a.dash]}'" if a.dash in _DASHES else ""
                if a.dash not in ("", "None", "none", None):
                    out.append(f"<path d='M{lx + 8:.2f} {y:.2f}h24' stroke='{escape(a.color)}' stroke-width='{a.width * 1.3:.2f}'{dash}/>")
                if getattr(a, "marker", None):
                    out.append(_mark(a.marker, lx + 20, y, a.size * 0.7, a.color, 1))
            elif a.kind == "points":
                out.append(_mark(a.marker, lx + 20, y, 4, a.color, a.alpha))
            else:
                out.append(f"<rect x='{lx + 8:.2f}' y='{y - 5:.2f}' width='24' height='10' fill='{escape(a.color)}' fill-opacity='{a.alpha or 1}'/>")
            _text(out, lx + 38, y + 4.3, str(name), 12, "start")


builtin_range = range


def _size(said, default):
    if isinstance(said, (int, float)):
        return said * 1.35
    return {"xx-small": 8, "x-small": 9, "small": 11, "medium": 13, "large": 16, "x-large": 19, "xx-large": 23}.get(said, default)


def _text(out, x, y, text, size, anchor, color="#000000", rotation=0):
    if text:
        turn = f" transform='rotate({-rotation:g} {x:.2f} {y:.2f})'" if rotation else ""
        out.append(f"<text x='{x:.2f}' y='{y:.2f}' font-size='{size:g}' text-anchor='{anchor}' fill='{escape(color)}'{turn}>{escape(str(text))}</text>")


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


_told = []


class Figure:
    def __init__(self, figsize=None, number=1):
        self.size = [float(v) for v in (figsize or matplotlib.rcParams.get("figure.figsize", [6.4, 4.8]))]
        self.number = number
        self.clear()

    def clear(self):
        self.axes, self.title, self._here, self.saved = [], "", None, False

    clf = clear

    def gca(self):
        return self._here or self.add_subplot()

    def add_subplot(self, *where, **ignored):
        if len(where) == 1 and isinstance(where[0], int):
            where = tuple(int(digit) for digit in str(where[0]))
        rows, columns, place = where if len(where) == 3 else (1, 1, 1)
        first, last = place if hasattr(place, "__iter__") else (place, place)
        cell = (rows, columns, (first - 1) // columns, (first - 1) % columns, (last - 1) // columns, (last - 1) % columns)
        for each in self.axes:
            if each.cell == cell:
                self._here = each
                return each
        self._here = Axes(self, cell)
        self.axes.append(self._here)
        return self._here

    def add_axes(self, *ignored, **named):
        return self.add_subplot()

    def subplots(self, nrows=1, ncols=1, *, squeeze=True, **ignored):
        grid = [[self.add_subplot(nrows, ncols, r * ncols + c + 1) for c in range(ncols)] for r in range(nrows)]
        self._here = grid[0][0]
        if squeeze and nrows == ncols == 1:
            return grid[0][0]
        return _Grid(grid[0]) if squeeze and nrows == 1 else _Grid(row[0] for row in grid) if squeeze and ncols == 1 else _Grid(_Grid(row) for row in grid)

    def suptitle(self, text, **ignored):
        self.title = str(text)

    def set_size_inches(self, width, height=None):
        self.size = [float(v) for v in (width if height is None else (width, height))]

    def get_size_inches(self):
        return self.size

    def tight_layout(self, *ignored, **named):
        """The layout is a tight one in any case."""

    subplots_adjust = autofmt_xdate = set_tight_layout = tight_layout

    def colorbar(self, mappable=None, ax=None, label=None, **ignored):
        (ax or (mappable.axes if mappable is not None else self.gca()))._colorbar = label or ""

    def legend(self, *arguments, **named):
        self.gca().legend(*arguments, **named)

    def show(self):
        self.savefig(f"figure_{self.number}.svg")

    def savefig(self, file, format=None, **ignored):
        """Writes an SVG. A name with another ending gets .svg in its place, and a line on standard error says so."""
        text = self.svg()
        self.saved = True
        if hasattr(file, "write"):
            if format not in (None, "svg"):
                raise ValueError(f"this stand-in for matplotlib writes SVG only, not {format}: use format='svg'")
            import io

            file.write(text if isinstance(file, io.TextIOBase) else text.encode())
            return
        name = str(file)
        stem, dot, ending = name.rpartition(".")
        wanted = name if dot and ending.lower() == "svg" else (stem if dot and "/" not in ending else name) + ".svg"
        with open(wanted, "w", encoding="utf-8") as out:
            out.write(text)
        if not _told:
            _told.append(True)
            print("note: this matplotlib is a stand-in that draws simple charts as SVG", file=sys.stderr)
        if wanted != name:
            print(f"note: wrote {wanted} in place of {name}: there are no other formats", file=sys.stderr)

    def svg(self):
        width, height = 100 * self.size[0], 100 * self.size[1]
        out = [
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{width:g}' height='{height:g}' viewBox='0 0 {width:g} {height:g}' {_FONT}>",
            "<!-- drawn by wand's stand-in for matplotlib -->", f"<rect width='{width:g}' height='{height:g}' fill='#ffffff'/>",
        ]
        top = 8
        if self.title:
            _text(out, width / 2, 24, self.title, 17, "middle")
            top = 34
        for ax in self.axes:
            rows, columns, r0, c0, r1, c1 = ax.cell
            w, h = (width - 8) / columns, (height - top - 4) / rows
            ax._draw(out, 4 + c0 * w, top + r0 * h, w * (c1 - c0 + 1), h * (r1 - r0 + 1))
        out.append("</svg>")
        return "\n".join(out) + "\n"

    def __getattr__(self, name):
        raise AttributeError(f"this stand-in for matplotlib has no Figure.{name}; {stand_in}")


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

    def __getitem__(self, at):
        if isinstance(at, tuple):
            return list.__getitem__(self, at[0])[at[1]]
        return list.__getitem__(self, at)
