amounts = INPUT["amounts"]
print("converting", len(amounts), "amounts"  # ERROR
