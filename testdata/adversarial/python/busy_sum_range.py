# attack: a loop in C, with no bytecode between its rounds
# expect: exhausted fuel
sum(range(10**12))
