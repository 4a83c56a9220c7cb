# attack: a billion decimal places
# expect: exhausted memory | failed exception ValueError
# because: CPython refuses precisions beyond a C int's comfort as "too large", before any memory is asked for
format(1.5, ".1000000000f")
