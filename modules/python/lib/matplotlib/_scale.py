"""From what a program gives to numbers, and from numbers to places in a picture. See matplotlib.stand_in."""

import bisect
import datetime
import math

EPOCH = 719163  # days from the first day of the calendar to 1970-01-01, which dates are counted from


class _Scale:
    """One direction of an axes: from data to numbers, and from those to the picture."""

    def __init__(self):
        self.names = None  # categories
        self.dates = self.log = self.inverted = False
        self.limits = [None, None]
        self.ticks = self.labels = self.formatter = self.locator = None
        self.rotation = 0

    def numbers(self, values):
        out = []
        for v in load(values):
            if type(v) is float or type(v) is int:
                out.append(float(v))
                continue
            if isinstance(v, str):
                if self.names is None:
                    self.names = []
                if v not in self.names:
                    self.names.append(v)
                v = self.names.index(v)
            elif v is None or type(v).__name__ in ("NAType", "NaTType"):
                v = math.nan
            elif isinstance(v, datetime.datetime):
                self.dates, v = True, v.toordinal() - EPOCH + (v.hour * 3600 + v.minute * 60 + v.second + v.microsecond / 1e6) / 86400
            elif isinstance(v, datetime.date):
                self.dates, v = True, v.toordinal() - EPOCH
            elif type(v).__name__ == "datetime64":
                self.dates, v = True, float(v.astype("datetime64[ms]").astype("int64")) / 86400e3 if v == v else math.nan
            elif type(v).__name__ == "Period":
                self.dates, v = True, v.start_time.toordinal() - EPOCH + v.start_time.hour / 24
            elif isinstance(v, datetime.timedelta):
                v = v.total_seconds()
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
            labels = self.labels if self.labels is not None else self.names if self.names is not None and len(self.names) == len(ticks) else self._said(ticks)
        elif self.locator is not None and not self.dates:
            ticks = self.locator(self.low, self.high)
            labels = self._said(ticks)
        elif self.names is not None:
            ticks, labels = list(map(float, range(len(self.names)))), self.names
        elif self.log:
            ticks = [10.0**n for n in range(math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9) + 1)]
            if len(ticks) < 2:
                ticks = [m * 10.0**n for n in range(math.floor(self.low) - 1, math.ceil(self.high) + 1) for m in (1, 2, 5)]
            labels = [f"{t:g}" for t in ticks] if self.formatter is None else self._said(ticks)
        elif self.dates:
            ticks, labels = _date_marks(self.low, self.high, max(2, most - most // 6))
            if self.locator is not None and len(found := self.locator(self.low, self.high)) <= 40:
                ticks, labels = found, [_moment(t).strftime("%Y-%m-%d") for t in found]
            if self.formatter is not None:
                labels = self._said(ticks)
        else:
            ticks = _nice(self.low, self.high, most)
            labels = self._said(ticks)
        low, high = sorted((self.low, self.high))
        inside = lambda t: low - 1e-9 <= (math.log10(t) if self.log and t > 0 else t) <= high + 1e-9
        return [(t, str(label)) for t, label in zip(ticks, labels) if inside(t)]


    def _said(self, ticks):
        """Returns the labels of ticks that have none of their own."""
        if self.formatter is not None:
            return [str(self.formatter(t, i)) for i, t in enumerate(ticks)]
        return [_moment(t).strftime("%Y-%m-%d") for t in ticks] if self.dates else _labels(ticks)


def _moment(days):
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(days=min(max(days, -719000), 2900000))


def _date_marks(low, high, most):
    """Returns round dates from low to high, at most so many, and what to call them."""
    span = max(high - low, 1e-9)
    for step in (1 / 1440, 1 / 288, 1 / 96, 1 / 48, 1 / 24, 1 / 8, 1 / 4, 1 / 2, 1, 2, 7, 14):
        if span / step <= most and (step >= 1 or span < 2):
            ticks = [n * step for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
            form = "%Y-%m-%d" if step >= 1 else "%H:%M" if span < 1.5 else "%m-%d %H:%M"
            return ticks, [_moment(t + 1e-7).strftime(form) for t in ticks]
    first, last = _moment(low), _moment(high)
    for months in (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000):
        if span / 30.4 / months <= most:
            break
    begin = (first.year * 12 + first.month - 1) // months * months
    ticks = [datetime.date(n // 12, n % 12 + 1, 1).toordinal() - EPOCH for n in range(max(begin, 12), last.year * 12 + last.month, months) if n < 9999 * 12]
    ticks = [float(t) for t in ticks if low - 1e-9 <= t <= high + 1e-9]
    return ticks, [_moment(t).strftime("%Y" if months >= 12 else "%Y-%m") for t in ticks]


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


def load(values):
    """Returns a list of what may be a list, an array, a Series, a range or one value."""
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        return [values]
    if hasattr(values, "tolist") and not hasattr(values, "index") and getattr(values.dtype, "kind", "") != "M":
        values = values.tolist()
        return values if isinstance(values, list) else [values]
    return list(values)


def _columns(x):
    """Returns what a chart of several groups is given as a list of them: a list of lists, the columns of a frame or of an array."""
    if hasattr(x, "columns"):
        return [load(x[name]) for name in x.columns]
    values = load(x)
    if getattr(x, "ndim", 1) == 2:
        return [list(column) for column in zip(*values)]
    return [load(v) for v in values] if values and hasattr(values[0], "__iter__") and not isinstance(values[0], str) else [values]


def _quantile(v, part):
    """Returns a quantile of sorted values."""
    k = (len(v) - 1) * part
    return v[int(k)] + (v[min(int(k) + 1, len(v) - 1)] - v[int(k)]) * (k % 1)


def _edges(values, bins, between):
    """Returns the edges of a histogram's bins."""
    if hasattr(bins, "__iter__") and not isinstance(bins, str):
        return [float(b) for b in load(bins)]
    low, high = between if between is not None else (min(values, default=0.0), max(values, default=1.0))
    if low == high:
        low, high = low - 0.5, high + 0.5
    if isinstance(bins, str):
        try:
            import numpy

            return numpy.histogram_bin_edges(values, bins=bins, range=(low, high)).tolist()
        except ImportError:
            bins = max(1, math.ceil(math.log2(max(len(values), 1)) + 1))
    count = int(bins)
    return [low + (high - low) * i / count for i in range(count + 1)]


def _counted(values, weights, edges, density, cumulative):
    """Returns the height of each bar of a histogram."""
    n, inner = [0.0] * (len(edges) - 1), edges[1:-1]
    for v, w in zip(values, weights):
        if edges[0] <= v <= edges[-1]:
            n[bisect.bisect_right(inner, v)] += w
    if density:
        total = sum(n)
        n = [v / total / (edges[i + 1] - edges[i]) if total else 0.0 for i, v in enumerate(n)]
    if cumulative:
        for i in range(1, len(n)):
            n[i] = n[i - 1] + n[i] * (edges[i + 1] - edges[i] if density and i else 1)
    return n
