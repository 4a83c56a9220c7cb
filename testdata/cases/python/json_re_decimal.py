# stdout: {"a": [1, 2.5, null, true], "b": "é"} ['12', '7'] 0.3333333333 0.30000000000000004 0.3
import json
import re
from decimal import Decimal, getcontext

getcontext().prec = 10
print(json.dumps({"a": [1, 2.5, None, True], "b": "é"}, ensure_ascii=False), re.findall(r"\d+", "a12b7"), Decimal(1) / 3, 0.1 + 0.2, Decimal("0.1") + Decimal("0.2"))
