# attack: a small result that is exponentially large when written out
# expect: completed | exhausted fuel | exhausted memory
# because: the guest may stop writing at result_bytes, or a limit stops it; never anything else
x = ["leaf"]
for _ in range(60):
    x = [x, x]
x
