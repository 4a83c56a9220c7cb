# attack: a character that normalises to eighteen, ten million times
# expect: exhausted memory
# limits: fuel=4G
import unicodedata
unicodedata.normalize("NFKD", "\ufdfa" * 10**7)
