# attack: a context manager that swallows every exception, nested without end
# expect: exhausted fuel
class Swallow:
    def __enter__(self):
        return self
    def __exit__(self, *error):
        return True
while True:
    with Swallow():
        with Swallow():
            raise KeyboardInterrupt
