# attack: a MemoryError made by hand: harmless, and reported as what it says it is
# expect: exhausted memory | failed exception MemoryError
# because: the report cannot know who raised it; either is bounded and true to the program
raise MemoryError("pretend")
