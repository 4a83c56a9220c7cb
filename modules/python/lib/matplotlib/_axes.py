"""Axes: what is drawn, and what is said about it. See matplotlib.stand_in."""

import datetime
import math

import matplotlib
from matplotlib._artist import _Spines, Artist, AXES, Axis, Bars, DATA, Nothing, TickLabel
from matplotlib._draw import Picture
from matplotlib._looks import _color, _CYCLE, _format, _shade, _size, stand_in
from matplotlib._scale import _columns, _counted, _edges, _quantile, _Scale, load

class Axes(Picture):
    transAxes, transData = AXES, DATA
    name = "rectilinear"

    def __init__(self, figure, cell, place):
        self.figure, self.cell, self.place = figure, cell, place
        self.twins, self.right, self.visible = [], False, True
        self.clear()

    def clear(self):
        self.x, self.y = _Scale(), _Scale()
        self.artists, self.title, self._legend, self._grid, self._colorbar = [], "", None, bool(matplotlib.rcParams.get("axes.grid")), None
        self.xlabel = self.ylabel = ""
        self.equal = self.hidden = False
        self.next = 0
        self.colors, self.background, self.containers = _CYCLE, None, []
        self.spines = _Spines()

    cla = clear

    xaxis, yaxis = property(lambda self: Axis(self, self.x, "x")), property(lambda self: Axis(self, self.y, "y"))
    lines = property(lambda self: [a for a in self.artists if a.kind == "line"])
    patches = property(lambda self: [a for a in self.artists if a.kind == "box"])
    texts = property(lambda self: [a for a in self.artists if a.kind == "text"])

    def get_lines(self):
        return self.lines

    def _add(self, kind, **what):
        what.setdefault("label", None)
        made = Artist(self, kind, **what)
        self.artists.append(made)
        self.figure.saved = False
        return made

    def _cycle(self, color):
        if color is not None:
            return _color(color)
        self.next += 1
        return self.colors[(self.next - 1) % len(self.colors)]

    def set_prop_cycle(self, *arguments, color=None, **ignored):
        colors = color or (arguments[-1] if arguments and not hasattr(arguments[-1], "by_key") else arguments[0].by_key()["color"] if arguments and arguments[0] is not None else _CYCLE)
        self.colors, self.next = [_color(c) for c in load(colors)], 0

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
        looks = {k: v for k, v in named.items() if k in ("marker", "linestyle", "ls", "alpha", "linewidth", "lw", "markersize", "ms")}
        if fmt.lower() == "none":
            looks["linestyle"] = "None"
        line = self.plot(x, y, *([fmt] if fmt and fmt.lower() != "none" else []), label=label, color=color, **looks)[0]
        for errors, along in ((yerr, "y"), (xerr, "x")):
            if errors is None:
                continue
            errors = load(errors)
            below, above = (load(errors[0]), load(errors[1])) if len(errors) == 2 and hasattr(errors[0], "__iter__") else (errors, errors)
            n = len(line.xs)
            below, above = (part * n if len(part) == 1 else part for part in (below, above))
            for a, b, lo, hi in zip(line.xs, line.ys, below, above):
                xs, ys = ([a, a], [b - lo, b + hi]) if along == "y" else ([a - lo, a + hi], [b, b])
                self._add("line", xs=xs, ys=ys, color=_color(named.get("ecolor"), line.color), dash="-", marker="_" if along == "y" else "|", width=1.2, size=2 * capsize, alpha=1)
        return line

    def scatter(self, x, y, s=None, c=None, marker="o", alpha=1, label=None, color=None, cmap=None, vmin=None, vmax=None, edgecolors=None, data=None, **ignored):
        if data is not None:
            x, y = data[x], data[y]
        x, y = self.x.numbers(x), self.y.numbers(y)
        if len(x) != len(y):
            raise ValueError("x and y must be the same size")
        sizes = [math.sqrt(v) for v in load(36 if s is None else s)]
        shades = None
        if color is not None and not isinstance(color, str) and not isinstance(load(color)[0], (int, float)):
            c, color = color, None  # one for each
        if c is not None and not isinstance(c, str):
            c = [math.nan if v is None else v for v in load(c)]
            if len(c) == len(x) and c and not isinstance(c[0], str) and not hasattr(c[0], "__iter__"):
                numbers = [v for v in c if math.isfinite(v)]
                low, high = min(numbers, default=0) if vmin is None else vmin, max(numbers, default=1) if vmax is None else vmax
                shades = [_shade((v - low) / ((high - low) or 1), cmap) if math.isfinite(v) else "#ffffff" for v in c]
                self._mapped = (low, high, cmap)
            elif len(c) == len(x):
                shades = [_color(v) for v in c]
            else:
                color = c[0] if c and isinstance(c[0], str) else c or None
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
        widths = [w.total_seconds() / 86400 if isinstance(w, datetime.timedelta) else w for w in load(width)]
        bases = across.numbers(0 if base is None else base)
        colors = [_color(each) for each in load(color)] if color is not None and not isinstance(color, (str, tuple)) else [self._cycle(color)]
        labels = load(label) if label is not None and not isinstance(label, str) else None
        made = Bars()
        for i, (a, v) in enumerate(zip(at, values)):
            w, b = widths[i % len(widths)], bases[i % len(bases)]
            start = a - w / 2 if align == "center" else a
            box = dict(x0=b, x1=b + v, y0=start, y1=start + w) if lying else dict(x0=start, x1=start + w, y0=b, y1=b + v)
            said = labels[i] if labels else label if i == 0 else None
            made.append(self._add("box", **box, color=colors[i % len(colors)], alpha=alpha, edge=_color(edge), label=said, sticky="x" if lying else "y"))
        self.containers.append(made)
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
            self._add("text", part=False, x=bar.x1 if lying else (bar.x0 + bar.x1) / 2, y=(bar.y0 + bar.y1) / 2 if lying else bar.y1, text=str(text),
                      color="#000000", size=12, ha="left" if lying else "center", va="center" if lying else "bottom", shift=(4, 0) if lying else (0, -3), rotation=0)

    def hist(self, x, bins=10, range=None, density=False, cumulative=False, color=None, label=None, alpha=1, edgecolor=None, histtype="bar", orientation="vertical", weights=None, stacked=False,
             log=False, bottom=None, linewidth=None, data=None, rwidth=None, **ignored):
        if data is not None:
            x = data[x]
        columns = _columns(x)
        many = len(columns) > 1
        upright = orientation == "vertical"
        along = self.x if upright else self.y
        groups = [along.numbers(column) for column in columns]
        edges = _edges([v for g in groups for v in g if math.isfinite(v)], bins, range)
        if log:
            (self.y if upright else self.x).log = True
        counts, made = [], []
        base = [0.0] * (len(edges) - 1)
        for g, values in enumerate(groups):
            weigh = _columns(weights)[g] if weights is not None else [1.0] * len(values)
            n = _counted(values, weigh, edges, density, cumulative)
            fill = self._cycle(load(color)[g] if color is not None and many and not isinstance(color, str) else load(color)[0] if isinstance(color, list) else color)
            said = (load(label)[g] if not isinstance(label, str) else label if g == 0 else None) if label is not None else None
            if histtype.startswith("step") and not (many and stacked):
                made.append(self._steps(edges, n, fill, said, alpha, upright, linewidth, histtype == "stepfilled"))
            else:
                part, at = (1, 0) if stacked or not many or histtype != "bar" else (1 / len(groups), g)
                made.append(Bars())
                for i, v in enumerate(n):
                    w = (edges[i + 1] - edges[i]) * part
                    start, w = edges[i] + at * w + (w * (1 - (rwidth or 1)) / 2), w * (rwidth or 1)
                    low = base[i] if stacked else 0.0
                    box = dict(x0=start, x1=start + w, y0=low, y1=low + v) if upright else dict(y0=start, y1=start + w, x0=low, x1=low + v)
                    made[-1].append(self._add("box", **box, color=fill, alpha=alpha, edge=_color(edgecolor), label=said if i == 0 else None, sticky="y" if upright else "x"))
            if stacked:
                base = n = [a + b for a, b in zip(base, n)]
            counts.append(n)
        self.containers += made
        try:
            import numpy

            counts, edges = [numpy.array(n) for n in counts], numpy.array(edges)
        except ImportError:
            pass
        return (counts, edges, made) if many else (counts[0], edges, made[0])

    def _steps(self, edges, n, color, label, alpha, upright, width, filled):
        """Draws a histogram as its outline."""
        along = [e for edge in edges for e in (edge, edge)]
        across = [0.0, *(v for count in n for v in (count, count)), 0.0]
        xs, ys = (along, across) if upright else (across, along)
        if filled:
            return [self._add("area", xs=xs, ys=ys, color=color, alpha=alpha, label=label)]
        return [self._add("line", xs=xs, ys=ys, color=color, dash="-", marker=None, width=width or 1.5, size=6, alpha=alpha, label=label)]

    def add_patch(self, patch):
        if not hasattr(patch, "x0"):
            raise NotImplementedError(f"this stand-in for matplotlib adds rectangles, not a {type(patch).__name__}")
        patch.axes = self
        self.artists.append(patch)
        return patch

    def add_line(self, line):
        line.axes = self
        self.artists.append(line)
        return line

    def fill(self, x, y, color=None, alpha=1, label=None, **ignored):
        named = color if color is not None else ignored.get("c", ignored.get("facecolor"))
        return [self._add("area", xs=self.x.numbers(x), ys=self.y.numbers(y), color=self._cycle(named), alpha=alpha, label=label)]

    def pie(self, x, explode=None, labels=None, colors=None, autopct=None, startangle=0, counterclock=True, radius=1, wedgeprops=None, **ignored):
        values = [float(v) for v in load(x)]
        total = sum(values)
        if not values or not total > 0 or min(values) < 0:
            raise ValueError("Wedge sizes 'x' must be non negative values, and not all zero")
        names = [str(n) for n in load(labels)] if labels is not None else [""] * len(values)
        if len(names) != len(values):
            raise ValueError("'label' must be of length 'x'")
        colors = [_color(each) for each in load(colors)] if colors is not None else self.colors
        hole = (wedgeprops or {}).get("width")
        self._add("pie", parts=[v / total for v in values], explode=load(explode) if explode is not None else [0] * len(values), names=names, colors=colors, autopct=autopct, start=startangle,
                  turn=1 if counterclock else -1, radius=radius, hole=max(1 - hole / radius, 0) if hole else 0)
        self.hidden = self.equal = True
        wedges = [Artist(self, "wedge", color=colors[i % len(colors)], label=name, alpha=1) for i, name in enumerate(names)]
        texts, said = ([Artist(self, "text", text=n, color="#000000", label=None) for n in names] for _ in range(2))
        return (wedges, texts) if autopct is None else (wedges, texts, said)

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
        base, labels = [0.0] * len(load(x)), labels if labels is not None else ()
        for i, y in enumerate(ys):
            top = [a + b for a, b in zip(base, self.y.numbers(y))]
            self.fill_between(x, top, base, color=load(colors)[i] if colors is not None else None, alpha=alpha, label=list(labels)[i] if i < len(labels) else None)
            base = top

    def boxplot(self, x, labels=None, tick_labels=None, vert=True, orientation="vertical", positions=None, widths=None, patch_artist=False, showfliers=True, showmeans=False, **ignored):
        upright = vert in (True, None) and orientation == "vertical"
        groups = _columns(x)
        across, along = (self.y, self.x) if upright else (self.x, self.y)
        places = [float(p) for p in load(positions)] if positions is not None else [i + 1.0 for i in range(len(groups))]
        widths = load(widths if widths is not None else 0.5)
        parts = {name: [] for name in ("boxes", "medians", "whiskers", "caps", "fliers", "means")}

        def line(kind, xs, ys, color="#000000"):
            xs, ys = (xs, ys) if upright else (ys, xs)
            parts[kind].append(self._add("line", xs=xs, ys=ys, color=color, dash="-", marker=None, width=1.2, size=6, alpha=1))

        def points(kind, n, values, color):
            xs, ys = ([n] * len(values), values) if upright else (values, [n] * len(values))
            parts[kind].append(self._add("points", xs=xs, ys=ys, sizes=[6], color=color, shades=None, marker="o", alpha=0.7))

        for i, group in enumerate(groups):
            v = sorted(f for f in across.numbers(group) if math.isfinite(f))
            if not v:
                continue
            n, half = places[i], widths[i % len(widths)] / 2
            q1, q2, q3 = (_quantile(v, part) for part in (0.25, 0.5, 0.75))
            inside = [f for f in v if q1 - 1.5 * (q3 - q1) <= f <= q3 + 1.5 * (q3 - q1)]
            if patch_artist:
                box = dict(x0=n - half, x1=n + half, y0=q1, y1=q3) if upright else dict(y0=n - half, y1=n + half, x0=q1, x1=q3)
                parts["boxes"].append(self._add("box", **box, color=self.colors[0], alpha=1, edge="#000000", sticky=""))
            else:
                line("boxes", [n - half, n + half, n + half, n - half, n - half], [q1, q1, q3, q3, q1])
            line("medians", [n - half, n + half], [q2, q2], "#ff7f0e")
            for end, quartile in ((inside[0], q1), (inside[-1], q3)):
                line("whiskers", [n, n], [quartile, end])
                line("caps", [n - half / 2, n + half / 2], [end, end])
            out = [f for f in v if f < inside[0] or f > inside[-1]]
            if out and showfliers:
                points("fliers", n, out, "#000000")
            if showmeans:
                points("means", n, [sum(v) / len(v)], "#2ca02c")
        names = tick_labels if tick_labels is not None else labels
        along.ticks = places
        along.labels = [str(n) for n in load(names)] if names is not None else [f"{p:g}" for p in places]
        return parts

    def imshow(self, X, cmap=None, vmin=None, vmax=None, origin="upper", extent=None, aspect=None, **ignored):
        rows = [[cell.tolist() if hasattr(cell, "tolist") else cell for cell in load(row)] for row in load(X.values if hasattr(X, "columns") else X)]
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

    def pcolormesh(self, *arguments, cmap=None, vmin=None, vmax=None, **ignored):
        """Draws cells of one size; X and Y say where the first and the last one end."""
        C, extent = arguments[-1], None
        if len(arguments) == 3:
            X, Y = ([v for row in load(part) for v in load(row)] for part in arguments[:2])
            extent = (min(X), max(X), min(Y), max(Y))
        else:
            rows = load(C.values if hasattr(C, "columns") else C)
            extent = (0, len(load(rows[0])), 0, len(rows))
        return self.imshow(C, cmap=cmap, vmin=vmin, vmax=vmax, origin="lower", extent=extent, aspect="auto")

    pcolor = pcolormesh

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

    def text(self, x, y, s, fontsize=None, color=None, ha=None, va=None, rotation=0, horizontalalignment=None, verticalalignment=None, transform=None, **ignored):
        part = transform is AXES
        return self._add("text", x=float(x) if part else self.x.numbers(x)[0], y=float(y) if part else self.y.numbers(y)[0], part=part, text=str(s), color=_color(color, "#000000"), size=_size(fontsize, 13), ha=ha or horizontalalignment or "left",
                         va=va or verticalalignment or "baseline", rotation=rotation if isinstance(rotation, (int, float)) else 90, shift=(0, 0))

    def annotate(self, text, xy, xytext=None, xycoords="data", arrowprops=None, textcoords=None, **named):
        if xycoords == "axes fraction" and xytext is None:
            return self.text(xy[0], xy[1], text, transform=AXES, **named)
        x, y = self.x.numbers(xy[0])[0], self.y.numbers(xy[1])[0]
        shift, at = (0, 0), (x, y)
        if xytext is not None and textcoords in ("offset points", "offset pixels"):
            shift = (xytext[0] * 1.4, -xytext[1] * 1.4)
        elif xytext is not None and textcoords == "axes fraction":
            arrowprops, named["transform"], at = None, AXES, xytext
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
        self.xlabel = str(text)

    def set_ylabel(self, text, **ignored):
        self.ylabel = str(text)

    def get_title(self):
        return self.title

    def get_xlabel(self):
        return self.xlabel

    def get_ylabel(self):
        return self.ylabel

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
            scale.rotation = {"vertical": 90, "horizontal": 0}.get(rotation) if isinstance(rotation, str) else float(rotation)
        if ticks is labels is rotation is None:
            return [t for t, _ in self._marks(scale)], self._ticklabels(scale)
        return scale.ticks, [TickLabel(scale, label) for label in scale.labels or []]

    def _marks(self, scale):
        self._measure()
        return scale.marks(9)

    def _ticklabels(self, scale):
        return [TickLabel(scale, label) for _, label in self._marks(scale)]

    def get_xticklabels(self, *ignored, **named):
        return self._ticklabels(self.x)

    def get_yticklabels(self, *ignored, **named):
        return self._ticklabels(self.y)

    def get_xticks(self):
        return [t for t, _ in self._marks(self.x)]

    def get_yticks(self):
        return [t for t, _ in self._marks(self.y)]

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
        on = True if visible is None else bool(visible)
        self._grid = named.get("axis", "both") if on else False

    def legend(self, *arguments, handles=None, labels=None, loc="best", title=None, **ignored):
        names = labels
        if handles is not None:
            arguments, names = (handles, labels if labels is not None else [getattr(h, "label", "") for h in handles]), None
        if len(arguments) == 1:
            names = arguments[0]
        elif len(arguments) == 2:
            self._legend = (loc if isinstance(loc, str) else "best", title, [((h[0] if isinstance(h, list) else h), str(name)) for h, name in zip(arguments[0], arguments[1])])
            return Nothing()
        if names is not None:
            fresh = [a for a in self.artists if a.kind in ("line", "points", "box", "area")]
            heads, seen = [], set()
            for a in fresh:
                if (a.kind, a.color) not in seen:
                    seen.add((a.kind, a.color))
                    heads.append(a)
            for artist, name in zip(heads, load(names)):
                artist.label = str(name)
        self._legend = (loc if isinstance(loc, str) else "best", title, None)
        return Nothing()

    def get_legend(self):
        return Nothing() if self._legend else None

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
        said = [(a, a.label) for a in self.artists if a.label and not str(a.label).startswith("_")]
        for a in self.artists:
            if a.kind == "pie":
                said += [(Artist(self, "box", color=a.colors[i % len(a.colors)], alpha=1, label=name), name) for i, name in enumerate(a.names) if name]
        return [a for a, _ in said], [str(name) for _, name in said]

    def get_figure(self):
        return self.figure

    def get_xaxis(self):
        return self.xaxis

    def get_yaxis(self):
        return self.yaxis

    def twinx(self):
        """Returns an axes in the same place, with the same x and a y of its own on the right."""
        twin = Axes(self.figure, None, self.place)
        twin.x, twin.right = self.x, True
        self.twins.append(twin)
        self.figure.axes.append(twin)
        self.figure._here = twin
        return twin

    def twiny(self):
        raise NotImplementedError("this stand-in for matplotlib has one x in each axes; draw the second in a subplot of its own")

    def remove(self):
        self.figure.delaxes(self)

    def set_visible(self, visible):
        self.visible = bool(visible)

    def set_facecolor(self, color):
        self.background = _color(color)

    def _looks(self, *ignored, **named):
        """Takes what makes no difference to a simple chart."""

    set_axisbelow = margins = autoscale = autoscale_view = relim = minorticks_on = minorticks_off = ticklabel_format = locator_params = label_outer = set_xmargin = set_ymargin = set_zorder = _looks

    def set_xbound(self, lower=None, upper=None):
        self._xlim(lower, upper)

    def set_ybound(self, lower=None, upper=None):
        self._ylim(lower, upper)

    def __getattr__(self, name):
        raise AttributeError(f"this stand-in for matplotlib has no Axes.{name}; {stand_in}")
