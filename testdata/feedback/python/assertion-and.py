name, age = "ann", 17
assert name and age >= 18 and name != "bob"
