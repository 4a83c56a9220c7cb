# attack: two million lines
# expect: exhausted fuel | exhausted memory
# because: as for one line of ten megabytes
# expand: LINES 2000000 "x=1\n"
@@LINES@@
