# stdout: 200 application/json /echo?x=1
# stdout: zz
# stdout: True
# stdout: HTTP Error 404: Not Found b'nothing here\n'
# stdout: <urlopen error http: nobody answers at 127.0.0.1:1>
# stdout: <urlopen error not allowed: no rule grants GET http://denied.test/>
# stdout: True
import json
import urllib.error
import urllib.request

with urllib.request.urlopen(INPUT + "/echo?x=1", timeout=5) as f:
    print(f.status, f.headers.get_content_type(), json.load(f)["path"])
request = urllib.request.Request(INPUT + "/echo", data=b"zz", headers={"X-A": "y"}, method="PUT")
print(json.load(urllib.request.urlopen(request))["body"])
print(urllib.request.urlopen(INPUT + "/redirect").geturl() == INPUT + "/echo?after=1")
try:
    urllib.request.urlopen(INPUT + "/missing")
except urllib.error.HTTPError as e:
    print(e, e.read())
for refused in ("http://127.0.0.1:1/", "http://denied.test/"):
    try:
        urllib.request.urlopen(refused)
    except urllib.error.URLError as e:
        print(e)
name, headers = urllib.request.urlretrieve(INPUT + "/text", "x")
print(open(name).read() == "héllo\nwörld\n")
