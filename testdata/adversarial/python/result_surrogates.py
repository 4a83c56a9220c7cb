# attack: lone surrogates, which no UTF-8 can carry, in value, key and output
# expect: completed
import sys
sys.stdout.reconfigure(errors="surrogatepass")
print("\ud800")
{"\udfff": "\ud800", "nul": "\x00"}
