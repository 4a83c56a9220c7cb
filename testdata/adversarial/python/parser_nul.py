# attack: a NUL byte in the middle of the source
# expect: invalid syntax | refused binary
# because: the compiler takes text with NUL bytes for binary data before a guest ever sees it
# expand: NUL 1 "\x00"
x = "a@@NUL@@b"
