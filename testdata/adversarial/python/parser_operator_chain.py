# attack: a sum of 100,000 terms in one expression
# expect: invalid syntax
# limits: fuel=4G
# expand: TERMS 100000 "+1"
x = 1@@TERMS@@
