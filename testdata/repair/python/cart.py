import json
from collections import defaultdict


class Cart:
    def __init__(self, owner):
        self.owner = owner
        self.items = []
        self.discount = 0.1

    def add(self, label, price, quantity):
        self.items.append({"label": label, "price": price, "quantity": quantity})

    def total(self):
        amount = 0
        for item in self.items:
            amount += item["price"] * item["quantity"]
        return amount


def by_label(items):
    groups = defaultdict(int)
    for item in items:
        groups[item["label"]] += item["quantity"]
    return dict(groups)


cart = Cart("ann")
cart.add("pen", 2, 3)
cart.add("book", 10, 1)
cart.add("pen", 2, 5)
prices = [item["price"] for item in cart.items]
largest = prices[0]
for index in range(len(prices)):
    if prices[index] > largest:
        largest = prices[index]
counts = by_label(cart.items)
average = cart.total() / len(cart.items)
record = json.loads('{"owner": "ann", "visits": 4}')
assert counts == {"pen": 8, "book": 1}
assert largest == 10
assert cart.total() == 26
assert record["visits"] == 4
print(cart.owner, average)
