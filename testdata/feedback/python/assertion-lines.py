def split(text):
    return text.split()


assert split("a b, c") == [
    "a",
    "b",
    "c",
]
