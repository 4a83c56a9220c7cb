# stdout: 200 True OK application/json a, b
# stdout: /echo?q=a+b&n=1&n=2 1 Basic dTpw python-requests/2.32.3
# stdout: True True <Response [200]>
import requests

r = requests.get(INPUT + "/echo", params={"q": "a b", "n": [1, 2]}, headers={"X-A": "1"}, auth=("u", "p"), timeout=5)
seen = r.json()
print(r.status_code, r.ok, r.reason, r.headers["content-TYPE"], r.headers["x-two"])
print(seen["path"], seen["x"], seen["auth"], seen["agent"])
print(r.url == INPUT + "/echo?q=a+b&n=1&n=2", r.elapsed.total_seconds() > 0, r)
