# attack: an exception whose text is never ready
# expect: exhausted fuel
class Hostile(Exception):
    def __str__(self):
        while True:
            pass
raise Hostile
