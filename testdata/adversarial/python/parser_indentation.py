# attack: blocks nested 200 deep; the tokenizer allows 100
# expect: failed exception IndentationError
exec("\n".join(" " * i + "if 1:" for i in range(200)) + "\n" + " " * 200 + "pass")
