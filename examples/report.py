# A CSV in, a table and a chart out: wand run report.py --file data/sales.csv --out out
import matplotlib.pyplot as plt
import pandas as pd

sales = pd.read_csv("sales.csv")
sales["revenue"] = sales["units"] * sales["price"]
table = sales.pivot_table(index="month", columns="region", values="revenue", aggfunc="sum")
table["total"] = table.sum(axis=1)
print(table)
table.to_csv("revenue.csv")

for region in ("north", "south"):
    plt.plot(table.index, table[region], marker="o", label=region)
plt.title("Revenue by month")
plt.ylabel("revenue")
plt.legend()
plt.savefig("revenue.svg")
