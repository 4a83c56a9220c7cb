# stdout: 1 000.50|  x  |a b|Ünïcode UNICODE 5
import string
import textwrap
import unicodedata

print(f"{1000.5:,.2f}".replace(",", " "), f"{'x':^5}", string.Template("$x b").substitute(x="a"), "Ünïcode " + unicodedata.normalize("NFKD", "Ünïcode").encode("ascii", "ignore").decode().upper(), sep="|", end=" ")
print(len(textwrap.wrap("aaa bbb ccc ddd eee", 3)))
