# attack: a decimal with a billion digits of precision
# expect: exhausted memory | failed exception MemoryError
# because: libmpdec asks for the whole coefficient at once
import decimal
decimal.getcontext().prec = 999_999_999
decimal.Decimal(1) / 3
