# attack: a codec search function that never returns, reached from str.encode
# expect: exhausted fuel
import codecs
def search(name):
    while True:
        pass
codecs.register(search)
"x".encode("no-such-codec")
