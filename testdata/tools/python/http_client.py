# stdout: 200 OK b'\x00\xff\xfe'
# stdout: ab
# stdout: xyz
import http.client
import json
import urllib.parse

c = http.client.HTTPConnection(urllib.parse.urlsplit(INPUT).netloc)
c.request("GET", "/binary")
r = c.getresponse()
print(r.status, r.reason, r.read())
c.request("POST", "/echo", body=iter([b"a", b"b"]))
print(json.loads(c.getresponse().read())["body"])
c.putrequest("POST", "/echo")
c.putheader("Content-Length", "3")
c.endheaders()
c.send(b"xyz")
print(json.loads(c.getresponse().read())["body"])
