"""Where the numbers beside an axes are, and how they are written. See matplotlib.stand_in."""

import math

from matplotlib._scale import _nice


class FuncFormatter:
    def __init__(self, func):
        self.func = func

    def __call__(self, value, at=None):
        return self.func(value, at)


class FormatStrFormatter(FuncFormatter):
    def __init__(self, fmt):
        super().__init__(lambda value, at: fmt % value)


class StrMethodFormatter(FuncFormatter):
    def __init__(self, fmt):
        super().__init__(lambda value, at: fmt.format(x=value, pos=at))


class PercentFormatter(FuncFormatter):
    def __init__(self, xmax=100, decimals=None, symbol="%", **ignored):
        super().__init__(lambda value, at: f"{value / xmax * 100:.{decimals}f}{symbol}" if decimals is not None else f"{value / xmax * 100:g}{symbol}")


class FixedFormatter(FuncFormatter):
    def __init__(self, labels):
        super().__init__(lambda value, at: labels[at] if at is not None and at < len(labels) else "")


class NullFormatter(FuncFormatter):
    def __init__(self):
        super().__init__(lambda value, at: "")


class ScalarFormatter:
    def __new__(cls, *ignored, **named):
        return None


class EngFormatter(FuncFormatter):
    def __init__(self, unit="", places=None, **ignored):
        def said(value, at):
            power = min(max(math.floor(math.log10(abs(value)) / 3), -4), 4) if value else 0
            number = f"{value / 1000**power:.{places}f}" if places is not None else f"{value / 1000**power:g}"
            return f"{number} {'pnµm kMGT'[power + 4].strip()}{unit}".rstrip()

        super().__init__(said)


class MultipleLocator:
    def __init__(self, base=1.0, **ignored):
        self.base = base

    def ticks(self, low, high):
        n = range(math.ceil(low / self.base - 1e-9), math.floor(high / self.base + 1e-9) + 1)
        return [i * self.base for i in n] if len(n) <= 1000 else _nice(low, high, 10)


class MaxNLocator:
    def __init__(self, nbins=10, integer=False, **ignored):
        self.most, self.integer = nbins if isinstance(nbins, int) else 9, integer

    def ticks(self, low, high):
        found = _nice(low, high, self.most)
        return [t for t in found if t == int(t)] if self.integer else found


class FixedLocator:
    def __init__(self, locs, **ignored):
        self.locs = [float(v) for v in locs]

    def ticks(self, low, high):
        return self.locs


class NullLocator(FixedLocator):
    def __init__(self):
        super().__init__([])


class AutoLocator:
    ticks = None


class AutoMinorLocator:
    ticks = None

    def __init__(self, *ignored):
        pass


class LogLocator(AutoMinorLocator):
    def __init__(self, *ignored, **named):
        pass
