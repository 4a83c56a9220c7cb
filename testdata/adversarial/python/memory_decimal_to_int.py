# attack: eleven characters that are an integer of 400 million digits
# expect: exhausted memory | exhausted fuel
# because: whether the digits or their conversion are first depends on the exponent
import decimal
int(decimal.Decimal("1e400000000"))
