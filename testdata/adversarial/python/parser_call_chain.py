# attack: 100,000 calls of what a call returned
# expect: invalid syntax
# limits: fuel=4G
# expand: CALLS 100000 "()"
f = lambda: f
f@@CALLS@@
