"""Dates beside an axes. See matplotlib.stand_in."""

import datetime

from matplotlib._scale import EPOCH, _moment, _Scale

MO, TU, WE, TH, FR, SA, SU = range(7)


class DateFormatter:
    def __init__(self, fmt, tz=None):
        self.fmt = fmt

    def __call__(self, value, at=None):
        return _moment(value + 1e-7).strftime(self.fmt)


def date2num(values):
    found = _Scale().numbers(values)
    return found if hasattr(values, "__iter__") else found[0]


def num2date(values, tz=None):
    return [_moment(v) for v in values] if hasattr(values, "__iter__") else _moment(values)


class _Automatic:
    """A locator or formatter whose choice is the axes' own."""

    ticks = None

    def __init__(self, *ignored, **named):
        pass


class AutoDateLocator(_Automatic):
    pass


class AutoDateFormatter:
    def __new__(cls, *ignored, **named):
        return None


ConciseDateFormatter = AutoDateFormatter


class _Days:
    """A locator of whole days that are so many apart, on days that fit."""

    def __init__(self, *ignored, interval=1, **named):
        self.interval = max(int(interval), 1)

    def fits(self, day):
        return True

    def ticks(self, low, high):
        days = range(int(low // 1), min(int(high) + 1, int(low) + 40_000))
        return [float(d) for d in [d for d in days if d >= low and self.fits(datetime.date.fromordinal(d + EPOCH))][:: self.interval]]


class DayLocator(_Days):
    def __init__(self, bymonthday=None, interval=1, **ignored):
        super().__init__(interval=interval)
        self.days = [bymonthday] if isinstance(bymonthday, int) else bymonthday

    def fits(self, day):
        return self.days is None or day.day in self.days


class WeekdayLocator(_Days):
    def __init__(self, byweekday=0, interval=1, **ignored):
        super().__init__(interval=interval)
        self.days = [byweekday] if isinstance(byweekday, int) else list(byweekday)

    def fits(self, day):
        return day.weekday() in self.days


class MonthLocator(_Days):
    def __init__(self, bymonth=None, bymonthday=1, interval=1, **ignored):
        super().__init__(interval=interval)
        self.months, self.day = [bymonth] if isinstance(bymonth, int) else bymonth, bymonthday

    def fits(self, day):
        return day.day == self.day and (self.months is None or day.month in self.months)


class YearLocator(_Days):
    def __init__(self, base=1, month=1, day=1, **ignored):
        super().__init__()
        self.base, self.month, self.day = base, month, day

    def fits(self, day):
        return day.year % self.base == 0 and day.month == self.month and day.day == self.day


class HourLocator:
    def __init__(self, byhour=None, interval=1, **ignored):
        self.hours = [byhour] if isinstance(byhour, int) else list(byhour) if byhour is not None else list(range(0, 24, interval))

    def ticks(self, low, high):
        return [n / 24 for n in range(int(-(-low * 24 // 1)), int(min(high, low + 400) * 24) + 1) if n % 24 in self.hours]
