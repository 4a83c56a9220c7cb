# attack: 100,000 open parentheses
# expect: invalid syntax
# expand: OPEN 100000 "("
@@OPEN@@
