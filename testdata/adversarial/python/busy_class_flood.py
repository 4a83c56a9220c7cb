# attack: new classes for ever, each with caches and weak references to clean up
# expect: exhausted fuel
while True:
    type("C", (), {"__slots__": ()})
