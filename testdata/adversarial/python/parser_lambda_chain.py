# attack: 50,000 lambdas inside each other
# expect: invalid syntax
# expand: LAMBDA 50000 "lambda:"
f = @@LAMBDA@@0
