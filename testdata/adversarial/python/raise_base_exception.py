# attack: exceptions that "except Exception" does not see
# expect: failed exception
class Sneaky(BaseException):
    pass
raise Sneaky("past every except Exception")
