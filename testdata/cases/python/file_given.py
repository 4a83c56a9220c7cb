# file: data.csv: 1;2
# stdout: [['1', '2']]
import csv

with open("data.csv", newline="") as file:
    print(list(csv.reader(file, delimiter=";")))
