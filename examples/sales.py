import asyncio
import csv
from collections import defaultdict

import tools

totals = defaultdict(float)
with open("/data/sales.csv") as f:
    for row in csv.DictReader(f):
        totals[row["region"]] += int(row["units"]) * float(row["price"])


async def remember():
    await asyncio.gather(*(tools.aio.kv.set(key=region, value=total) for region, total in totals.items()))


asyncio.run(remember())
tools.log.info("summed up", regions=len(totals))
for region in tools.kv.list()["keys"]:
    print(f"{region:6} {tools.kv.get(key=region):10.2f}")
max(totals, key=totals.get)
