# stdout: Item(name='a', tags=[], price=Decimal('1.50'))
# stdout: True {'name': 'a', 'tags': [], 'price': Decimal('1.50')}
from dataclasses import asdict, dataclass, field
from decimal import Decimal

@dataclass(order=True)
class Item:
    name: str
    tags: list = field(default_factory=list)
    price: Decimal = Decimal("1.50")

print(Item("a"))
print(Item("a") < Item("b"), asdict(Item("a")))
