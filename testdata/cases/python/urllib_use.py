# status: denied
# kind: policy
import urllib.request

urllib.request.urlopen("http://example.com/")  # error: URLError: <urlopen error not allowed: no rule grants GET http://example.com/>...
