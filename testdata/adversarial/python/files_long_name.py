# attack: a name of a megabyte
# expect: failed exception OSError
open("n" * (1 << 20), "w")
