"""How an axes becomes SVG. See matplotlib.stand_in."""

import math
from html import escape

from matplotlib._looks import _arrow, _DASHES, _mark, _shade, _text
from matplotlib._scale import _labels, _nice

class Picture:
    """How an axes becomes SVG: the half of Axes that draws."""

    def _measure(self):
        every = [ax for ax in self.figure.axes if ax.x is self.x or ax.y is self.y] or [self]
        self._measured(self.x, "x", [a for ax in every if ax.x is self.x for a in ax.artists])
        self._measured(self.y, "y", [a for ax in every if ax.y is self.y for a in ax.artists])

    def _measured(self, scale, name, artists):
        """Finds the range of a scale from what is drawn in it, in every axes that shares it."""
        found, tight = [], False
        for a in artists:
            if a.kind in ("line", "points", "area"):
                found += a.xs if name == "x" else a.ys
            elif a.kind in ("box", "image"):
                found += [a.x0, a.x1] if name == "x" else [a.y0, a.y1]
                tight = tight or a.kind == "image"
            elif a.kind == "rule" and a.along == name:
                found.append(a.at)
            elif a.kind == "span" and a.along == name:
                found += [a.a, a.b]
        scale.range(found, 0 if tight else 0.05)
        # Bars stand on the axis.
        ends = [v for a in artists if a.kind == "box" and a.sticky == name for v in ((a.x0, a.x1) if name == "x" else (a.y0, a.y1)) if math.isfinite(v)]
        if ends and not scale.log:
            if min(v for v in found if math.isfinite(v)) >= 0 and scale.limits[0] is None:
                scale.low = 0.0
            if max(v for v in found if math.isfinite(v)) <= 0 and scale.limits[1] is None:
                scale.high = 0.0
            if scale.high <= scale.low:
                scale.high = scale.low + 1

    def _draw(self, out, left, top, width, height):
        self._measure()
        for twin in self.twins:
            twin._measure()
        x0, y0, w, h = left, top, width, height
        marks_y = [] if self.hidden else self.y.marks(max(2, int(height / 45)))
        longest = max((len(label) for _, label in marks_y), default=0)
        marks_x = [] if self.hidden else self.x.marks(max(2, int(width / 75)))
        turned = math.sin(math.radians(abs(self.x.rotation)))
        below = max((len(label) for _, label in marks_x), default=0) * 7 * turned
        marks_right = {id(twin): twin.y.marks(max(2, int(height / 45))) for twin in self.twins if not twin.hidden}
        beside = {id(twin): 7.5 * max((len(label) for _, label in marks_right.get(id(twin), [])), default=0) + (24 if twin.ylabel else 0) for twin in self.twins}
        pad_left = 12 if self.hidden else 16 + 7.5 * longest + (20 if self.ylabel else 0)
        pad_bottom = 12 if self.hidden else 26 + below + (22 if self.xlabel else 0)
        pad_right = 70 if self._colorbar is not None else 16 + sum(beside.values())
        title = self.title.split("\n") if self.title else []
        pad_top = 12 + 18 * len(title) if title else 14
        x0, y0, w, h = x0 + pad_left, y0 + pad_top, max(w - pad_left - pad_right, 20), max(h - pad_top - pad_bottom, 20)
        if self.equal and not any(a.kind == "pie" for a in self.artists):
            ratio = abs((self.y.high - self.y.low) / (self.x.high - self.x.low))
            if h > w * ratio:
                y0, h = y0 + (h - w * ratio) / 2, w * ratio
            else:
                x0, w = x0 + (w - h / ratio) / 2, h / ratio
        X, Y = lambda v: self.x.at(v, x0, x0 + w), lambda v: self.y.at(v, y0 + h, y0)
        clip = f"clip{len(out)}"
        if self.background is not None and not self.hidden:
            out.append(f"<rect x='{x0:.2f}' y='{y0:.2f}' width='{w:.2f}' height='{h:.2f}' fill='{escape(self.background)}'/>")
        out.append(f"<clipPath id='{clip}'><rect x='{x0:.2f}' y='{y0:.2f}' width='{w:.2f}' height='{h:.2f}'/></clipPath>")
        if self._grid and not self.hidden:
            for t, _ in marks_x if self._grid != "y" else []:
                out.append(f"<path d='M{X(t):.2f} {y0:.2f}V{y0 + h:.2f}' stroke='#d0d0d0' stroke-width='0.8'/>")
            for t, _ in marks_y if self._grid != "x" else []:
                out.append(f"<path d='M{x0:.2f} {Y(t):.2f}H{x0 + w:.2f}' stroke='#d0d0d0' stroke-width='0.8'/>")
        out.append(f"<g clip-path='url(#{clip})'>")
        for ax in (self, *self.twins):
            for a in ax.artists:
                if a.kind not in ("text", "arrow", "pie"):
                    getattr(ax, "_draw_" + a.kind)(out, a, X, ax._up(y0, h), (x0, y0, w, h))
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
            if self.xlabel:
                _text(out, x0 + w / 2, y0 + h + 36 + below, self.xlabel, 13, "middle")
            if self.ylabel:
                _text(out, x0 - 16 - 7.5 * longest, y0 + h / 2, self.ylabel, 13, "middle", rotation=90)
        edge = x0 + w
        for twin in self.twins:
            for t, label in marks_right.get(id(twin), []):
                at = twin._up(y0, h)(t)
                out.append(f"<path d='M{edge:.2f} {at:.2f}h4' stroke='#000000' stroke-width='0.9'/>")
                _text(out, edge + 7, at + 4.3, label, 12, "start")
            edge += beside[id(twin)]
            if twin.ylabel:
                _text(out, edge + 6, y0 + h / 2, twin.ylabel, 13, "middle", rotation=90)
        for n, line in enumerate(title):
            _text(out, x0 + w / 2, y0 - 10 - 18 * (len(title) - 1 - n), line, 15, "middle")
        for ax in (self, *self.twins):
            ax._draw_words(out, X, ax._up(y0, h), x0, y0, w, h)
        if self._colorbar is not None and getattr(self, "_mapped", None):
            self._draw_colorbar(out, x0, y0, w, h)
        for ax in (self, *self.twins):
            if ax._legend:
                ax._draw_legend(out, X, ax._up(y0, h), x0, y0, w, h)

    def _up(self, y0, h):
        """Returns what places a value of y in a box of the picture."""
        return lambda v: self.y.at(v, y0 + h, y0)

    def _draw_words(self, out, X, Y, x0, y0, w, h):
        for a in self.artists:
            if a.kind == "pie":
                self._draw_pie(out, a, x0, y0, w, h)
            elif a.kind == "text":
                ax, ay = (x0 + a.x * w, y0 + (1 - a.y) * h) if a.part else (X(a.x), Y(a.y))
                dy = {"center": 0.35, "top": 0.9, "bottom": -0.2}.get(a.va, 0) * a.size
                for n, line in enumerate(a.text.split("\n")):
                    _text(out, ax + a.shift[0], ay + a.shift[1] + dy + n * a.size * 1.2, line, a.size, {"center": "middle", "right": "end"}.get(a.ha, "start"), a.color, a.rotation)
            elif a.kind == "arrow":
                out.append(_arrow(X(a.xs[0]) + a.shift[0], Y(a.ys[0]) + a.shift[1], X(a.xs[1]), Y(a.ys[1]), a.color))

    def _draw_colorbar(self, out, x0, y0, w, h):
        low, high, cmap = self._mapped
        for i in range(40):
            out.append(f"<rect x='{x0 + w + 12:.2f}' y='{y0 + h * (39 - i) / 40:.2f}' width='14' height='{h / 40 + 0.5:.2f}' fill='{_shade(i / 39, cmap)}'/>")
        for t, label in zip(ticks := _nice(low, high, 5), _labels(ticks)):
            _text(out, x0 + w + 30, y0 + h * (1 - (t - low) / ((high - low) or 1)) + 4, label, 11, "start")
        _text(out, x0 + w + 19, y0 - 4, self._colorbar, 11, "middle")

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
        radius, cx, cy = min(w, h) * 0.4 * a.radius, x0 + w / 2, y0 + h / 2
        angle, words = a.start / 360, []
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
                far = 0.6 if not a.hole else (1 + a.hole) / 2
                words.append((ox + far * radius * math.cos(middle), oy - far * radius * math.sin(middle) + 4, said))
            angle = end
        if a.hole:
            out.append(f"<circle cx='{cx:.2f}' cy='{cy:.2f}' r='{radius * a.hole:.2f}' fill='#ffffff'/>")
        for x, y, said in words:
            _text(out, x, y, said, 13, "middle")

    def _draw_legend(self, out, X, Y, x0, y0, w, h):
        loc, title, chosen = self._legend
        said, names = ([h for h, _ in chosen], [name for _, name in chosen]) if chosen is not None else self.get_legend_handles_labels()
        if not said:
            return
        rows = len(said) + bool(title)
        width, height = 44 + 7.4 * max(len(str(n)) for n in [*names, title or ""]), 10 + 18 * rows
        corners = {"upper right": (x0 + w - width - 8, y0 + 8), "upper left": (x0 + 8, y0 + 8), "lower left": (x0 + 8, y0 + h - height - 8), "lower right": (x0 + w - width - 8, y0 + h - height - 8),
                   "center": (x0 + (w - width) / 2, y0 + (h - height) / 2), "upper center": (x0 + (w - width) / 2, y0 + 8), "lower center": (x0 + (w - width) / 2, y0 + h - height - 8),
                   "center left": (x0 + 8, y0 + (h - height) / 2), "center right": (x0 + w - width - 8, y0 + (h - height) / 2), "right": (x0 + w - width - 8, y0 + (h - height) / 2)}
        if loc not in corners:
            drawn = self.artists if not self.right else [a for ax in self.figure.axes if ax.x is self.x for a in ax.artists]
            places = [(X(x), Y(y)) for a in drawn if a.kind in ("line", "points") for x, y in zip(a.xs, a.ys) if math.isfinite(x) and math.isfinite(y)]
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
