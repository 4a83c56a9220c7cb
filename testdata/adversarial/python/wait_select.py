# attack: wait for a descriptor that never becomes ready
# expect: exhausted deadline | failed exception OSError
# because: select() on nothing is a sleep; some systems refuse it
# limits: deadline=500ms
import select
select.select([], [], [], 10**6)
