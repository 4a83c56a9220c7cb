# attack: a name of a megabyte
# expect: failed exception OSError | exhausted output
# because: the message has the name in it, and standard error has a limit
open("n" * (1 << 20), "w")
