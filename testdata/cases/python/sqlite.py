# stdout: [('pear', 3.0), ('plum', 7.5)]
# stdout: UNIQUE constraint failed: t.name
# stdout: 2.0
import sqlite3

db = sqlite3.connect(":memory:")
db.execute("CREATE TABLE t (name TEXT UNIQUE, price REAL)")
db.executemany("INSERT INTO t VALUES (?, ?)", [("plum", 7.5), ("pear", 3)])
print(db.execute("SELECT * FROM t ORDER BY name").fetchall())
try:
    db.execute("INSERT INTO t VALUES ('plum', 1)")
except sqlite3.IntegrityError as error:
    print(error)
print(db.execute("SELECT sqrt(4)").fetchone()[0])
