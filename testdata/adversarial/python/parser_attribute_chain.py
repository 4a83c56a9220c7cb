# attack: an attribute chain 100,000 links long, which the compiler walks by recursion
# expect: invalid syntax
# limits: fuel=4G
# expand: CHAIN 100000 ".real"
x = 1
x@@CHAIN@@
