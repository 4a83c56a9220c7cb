# attack: replace the codecs and error handlers that output goes through
# expect: failed exception ValueError
import codecs
codecs.register_error("strict", lambda e: ("", e.end))
codecs.register_error("backslashreplace", lambda e: 1 / 0)
codecs.register_error("surrogateescape", lambda e: 1 / 0)
codecs.unregister(lambda name: None)
raise ValueError("\ud800 the truth")
