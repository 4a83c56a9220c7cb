# attack: 100,000 calls of what a call returned
# expect: invalid syntax
# expand: CALLS 100000 "()"
f = lambda: f
f@@CALLS@@
