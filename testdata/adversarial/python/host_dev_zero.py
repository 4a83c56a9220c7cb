# attack: an endless device
# expect: failed exception FileNotFoundError
open("/dev/zero").read()
