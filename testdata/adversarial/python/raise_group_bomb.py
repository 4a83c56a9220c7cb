# attack: exception groups inside exception groups, exponentially many leaves
# expect: failed exception ExceptionGroup | exhausted fuel | exhausted memory | exhausted output
# because: a traceback that writes out every leaf meets a limit; one that stops in time does not
group = ExceptionGroup("leaf", [ValueError(1)])
for _ in range(40):
    group = ExceptionGroup("node", [group, group])
raise group
