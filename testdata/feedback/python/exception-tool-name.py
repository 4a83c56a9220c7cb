# tools: granted
from tools import weathr

print(weathr.forecast(city="Rome"))
