# A program of thought: a model's answer to "which customer spent most, and how much on average per order?"
import json
from collections import defaultdict
from statistics import mean

orders = [
    {"customer": "Ada", "total": 120.50},
    {"customer": "Grace", "total": 75.25},
    {"customer": "Ada", "total": 99.99},
    {"customer": "Linus", "total": 180.00},
    {"customer": "Grace", "total": 210.40},
]

by_customer = defaultdict(list)
for order in orders:
    by_customer[order["customer"]].append(order["total"])

best = max(by_customer, key=lambda name: sum(by_customer[name]))
print(f"{best} spent {sum(by_customer[best]):.2f} in {len(by_customer[best])} orders")
result = {"customer": best, "average": round(mean(by_customer[best]), 2)}
print(json.dumps(result))
