# input: {"orders": [{"id": 1, "total": 9.5}, {"id": 2, "total": 0.5}]}
# result: 10.0
sum(order["total"] for order in INPUT["orders"])
