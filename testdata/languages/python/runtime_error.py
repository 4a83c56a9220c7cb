def pick(amounts, n):
    return amounts[n]  # ERROR


print("picking")
result = pick(INPUT["amounts"], 7)
