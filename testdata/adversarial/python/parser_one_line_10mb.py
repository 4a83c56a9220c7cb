# attack: ten megabytes of statements on one line
# expect: exhausted fuel | exhausted memory
# because: the syntax tree of ten megabytes is larger than the memory limit and takes more fuel than there is; which is first depends on the parser's arena
# expand: MANY 3333333 "x=1;"
@@MANY@@
