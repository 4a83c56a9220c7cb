# attack: the help pager, which waits for a key elsewhere
# expect: completed | failed exception
# because: without a terminal it prints; a guest may leave pydoc out
help()
