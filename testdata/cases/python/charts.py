# stderr: note: this matplotlib is a stand-in that draws simple charts as SVG
# result: ["bars.svg", "figure_2.svg"]
# wrote: /work/bars.svg
import os

import matplotlib.pyplot as plt

plt.bar(["a", "b"], [3, 4])
plt.title("Bars")
plt.savefig("bars.svg")
fig, ax = plt.subplots()
ax.plot([1, 2, 3], [2, 1, 3], "o-", label="one")
ax.legend()
plt.show()
sorted(os.listdir("."))
