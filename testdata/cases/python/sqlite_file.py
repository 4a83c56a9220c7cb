# stdout: [(1,), (2,)]
import sqlite3

with sqlite3.connect("data.db") as db:
    db.execute("CREATE TABLE t (n)")
    db.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
db.close()
print(sqlite3.connect("data.db").execute("SELECT n FROM t").fetchall())
