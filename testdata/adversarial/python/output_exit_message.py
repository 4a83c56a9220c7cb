# attack: sys.exit with a message larger than the output limit
# expect: exhausted output | failed exit
# because: as for an exception's message
import sys
sys.exit("x" * 10**7)
