# The last expression is None, so the global counts.
# stdout: done
# result: 7
result = 7
print("done")
