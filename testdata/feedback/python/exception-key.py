record = {"name": "ann", "address": {"city": "Rome", "zip": "00100"}}


def city(record):
    return record["adress"]["city"]


print(city(record))
