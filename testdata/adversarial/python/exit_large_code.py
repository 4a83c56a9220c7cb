# attack: exit codes that fit no byte and no int
# expect: failed exit | failed exception OverflowError
# because: CPython passes a code that overflows as -1; which of the two reports is the guest's choice
import sys
sys.exit(2**70)
