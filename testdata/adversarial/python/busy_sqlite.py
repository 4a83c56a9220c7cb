# attack: a recursive query that never ends: the work is in SQLite, not in Python
# expect: exhausted fuel
import sqlite3
c = sqlite3.connect(":memory:")
c.execute("with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n").fetchone()
