# attack: an exception whose message is larger than the output limit
# expect: failed exception ValueError | exhausted output
# because: the traceback goes to standard error, whose limit holds for it too
raise ValueError("x" * 10**7)
