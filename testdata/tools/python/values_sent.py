# stdout: {'b': 'Yf8=', 'c': 'red', 'd': '2024-01-02', 'i': {'1': 2}, 'm': '1.10', 'o': {'x': 1}, 'p': '/x', 'r': [0, 1], 's': [1, 3], 't': [1, 2], 'u': 'é\n'}
# stdout: {'d': {'$type': 'bytes', 'value': 'no'}}
import dataclasses
import datetime
import decimal
import enum
import pathlib

import tools


@dataclasses.dataclass
class Point:
    x: int


class Colour(enum.Enum):
    RED = "red"


sent = tools.echo(
    b=b"a\xff", t=(1, 2), s={3, 1}, d=datetime.date(2024, 1, 2), m=decimal.Decimal("1.10"), p=pathlib.Path("/x"), c=Colour.RED, o=Point(1), r=range(2),
    u="é\n", i={1: 2},
)
print(dict(sorted(sent.items())))
print(tools.echo(d={"$type": "bytes", "value": "no"}))
