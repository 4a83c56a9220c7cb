# stdout: /echo?after=1 [302] seen=yes
# stdout: /echo?after=1
# stdout: mine seen=yes {'seen': 'yes'}
# stdout: Exceeded 30 redirects.
import requests

r = requests.get(INPUT + "/redirect")
print(r.json()["path"], [past.status_code for past in r.history], r.json()["cookie"])
print(requests.get(INPUT + "/redirect", allow_redirects=False).headers["Location"])
with requests.Session() as session:
    session.headers["X-A"] = "mine"
    session.get(INPUT + "/redirect")
    seen = session.get(INPUT + "/echo").json()
    print(seen["x"], seen["cookie"], session.cookies.get_dict())
try:
    requests.get(INPUT + "/loop")
except requests.exceptions.TooManyRedirects as e:
    print(e)
