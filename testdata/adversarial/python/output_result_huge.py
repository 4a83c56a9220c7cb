# attack: a result value far larger than any report should be
# expect: completed
# limits: fuel=4G
# expand: PAD 8000 "x"
# never: @@PAD@@
"x" * 10**7
