# attack: an in-memory database that grows for ever
# expect: exhausted memory
# limits: fuel=4G
import sqlite3
c = sqlite3.connect(":memory:")
c.execute("create table t(x)")
c.execute("with recursive n(x) as (select 1 union all select x + 1 from n) insert into t select randomblob(100000) from n")
