# attack: 2**(10**9)
# expect: exhausted memory | exhausted fuel
# because: as for 9**9**9
2 ** (10**9)
