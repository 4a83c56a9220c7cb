import pandas as pd

sales = pd.DataFrame({
    "day": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-03", "2024-01-05", "2024-01-08", "2024-01-08", "2024-02-01", "2024-02-10", "2024-03-31"]),
    "shop": ["north", "south", "north", "east", "south", "north", "east", "south", "north", "east"],
    "item": ["bolt", "nut", "nut", "bolt", "washer", "bolt", "nut", "bolt", "washer", "nut"],
    "units": [10, 4, 7, 1, 12, 3, 8, 5, 2, 9],
    "price": [1.25, 0.5, 0.5, 1.25, 0.1, 1.3, 0.55, 1.2, 0.1, 0.6],
})
people = pd.DataFrame({
    "name": ["Ann", "Bob", "Cid", "Dee", "Eve", "Fay"],
    "team": ["red", "blue", "red", "green", "blue", None],
    "age": [34, 28, 45, np.nan, 51, 39],
    "city": ["Rome", "Oslo", "Rome", "Bern", "Oslo", "Kyiv"],
})
