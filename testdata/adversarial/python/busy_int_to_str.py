# attack: the quadratic conversion of a huge integer, with the interpreter's own guard switched off
# expect: exhausted fuel
import sys
sys.set_int_max_str_digits(0)
str(1 << (64 << 20))
