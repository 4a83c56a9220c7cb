# attack: 100,000 times not
# expect: invalid syntax
# expand: NOT 100000 "not "
x = @@NOT@@1
