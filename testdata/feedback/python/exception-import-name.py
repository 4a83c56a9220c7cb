from collections import OrderdDict

print(OrderdDict())
