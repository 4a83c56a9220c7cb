def find(rows, name):
    for row in rows:
        if row["name"] == name:
            found = row


person = find([{"name": "ann"}], "ann")
print(person.get("name"))
