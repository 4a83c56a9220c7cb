# attack: print without end
# expect: exhausted output
while True:
    print("x" * 1000)
