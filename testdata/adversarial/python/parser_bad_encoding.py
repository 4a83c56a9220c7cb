# attack: a coding line that names a codec which does not exist
# -*- coding: no-such-codec -*-
# expect: completed | invalid syntax
# because: source arrives as text, where CPython ignores a coding line; as bytes it would be an error
x = 1
