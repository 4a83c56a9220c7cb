# result: [{"$type": "object", "class": "P", "fields": {"x": 1, "y": [2]}}, {"$type": "object", "class": "N", "fields": {"a": 1, "b": 2}}, {"$type": "object", "class": "Color", "repr": "<Color.RED: 1>"}, {"$type": "object", "class": "range", "repr": "range(0, 3)"}, {"a": 2, "b": 1}]
from collections import Counter, namedtuple
from dataclasses import dataclass
from enum import Enum

@dataclass
class P:
    x: int
    y: list

N = namedtuple("N", "a b")

class Color(Enum):
    RED = 1

[P(1, [2]), N(1, 2), Color.RED, range(3), Counter("aab")]
