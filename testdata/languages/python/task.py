import tools

amounts = INPUT["amounts"]
print("converting", len(amounts), "amounts")
rate = tools.rate(currency=INPUT["currency"])
sum = tools.convert(amounts=amounts, rate=rate)
result = {"currency": INPUT["currency"], "total": sum["total"]}
