def total(prices):
    amount = 0
    for price in prices:
        amount += pirce
    return amount


print(total([1, 2]))
