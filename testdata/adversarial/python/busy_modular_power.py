# attack: pow() with operands of a million digits
# expect: exhausted fuel
pow(3, 1 << 1000000, (1 << 1000000) - 1)
