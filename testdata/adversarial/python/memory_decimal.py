# attack: a decimal with the highest precision there is: 425 million digits
# expect: exhausted memory | failed exception MemoryError
# because: libmpdec asks for the whole coefficient at once
import decimal
decimal.getcontext().prec = decimal.MAX_PREC
decimal.Decimal(1) / 3
