# attack: an integer result of a million digits
# expect: completed | exhausted fuel | failed exception ValueError
# because: the conversion is quadratic and guarded by the interpreter; the report may say truncated
1 << 3_000_000
