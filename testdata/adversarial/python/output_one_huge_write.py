# attack: a single write larger than the limit
# expect: exhausted output
print("x" * 10**7)
