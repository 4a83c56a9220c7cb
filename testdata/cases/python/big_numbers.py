# stdout: 2568 93326215443944152681
# stdout: 1267650600228229401496703205376
# result: {"$type": "int", "value": "-1267650600228229401496703205376"}
import math

print(len(str(math.factorial(1000))), str(math.factorial(100))[:20])
print(2**100)
-(2**100)
