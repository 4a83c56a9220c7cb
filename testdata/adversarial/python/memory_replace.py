# attack: a replacement that makes each of a million characters a thousand
# expect: exhausted memory
("a" * 10**6).replace("a", "b" * 1000)
