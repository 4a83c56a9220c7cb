# error: ExceptionGroup: two (2 sub-exceptions)
# stderr:   +-+---------------- 1 ----------------
# stderr:     | ValueError: a
raise ExceptionGroup("two", [ValueError("a"), TypeError("b")])
