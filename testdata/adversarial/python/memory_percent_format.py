# attack: a field width of a billion
# expect: exhausted memory
"%1000000000d" % 1
