from dataclasses import dataclass


class Account:
    rate = 2

    def __init__(self, balance):
        self.balance = balance

    def __repr__(self):
        raise SystemExit("the trace ran my code")

    @property
    def doubled(self):
        return self.balance * self.rate


@dataclass
class Point:
    x: int
    y: int = 0


a = Account(5)
b = a.doubled
p = Point(1)
