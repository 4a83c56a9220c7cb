# attack: 9**9**9, an integer of 1.2 billion bits, by repeated squaring
# expect: exhausted fuel | exhausted memory
# because: multiplication is superlinear, so the fuel usually ends before the memory; both are right
9**9**9
