# attack: one call that multiplies ever larger integers
# expect: exhausted fuel
import math
math.factorial(10**7)
