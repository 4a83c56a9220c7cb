# attack: SQLite's own allocator: a blob of 900 MB out of a short query
# expect: exhausted memory
import sqlite3
sqlite3.connect(":memory:").execute("select length(hex(zeroblob(450000000)))").fetchone()
