# attack: bytes that are no UTF-8
# expect: refused not_text | refused binary
# because: both say that the input is not a program; which comes first is up to the order of the compiler's checks
# expand: BYTES 3 "\xff\xfe"
x = "@@BYTES@@"
