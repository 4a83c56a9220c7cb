# stdout: POST application/json '{"a": 1}'
# stdout: POST application/x-www-form-urlencoded 'a=1&b=x+y'
# stdout: PUT application/x-www-form-urlencoded 'text'
# stdout: PATCH  'raw'
# stdout: DELETE  ''
# stdout: multipart/form-data True True
# stdout: b'' OPTIONS
import requests

url = INPUT + "/echo"
for r in (
    requests.post(url, json={"a": 1}), requests.post(url, data={"a": 1, "b": "x y"}), requests.put(url, data="text"), requests.patch(url, data=b"raw"),
    requests.delete(url),
):
    seen = r.json()
    print(seen["method"], seen["type"], repr(seen["body"]))
seen = requests.post(url, files={"f": ("a.txt", b"content")}, data={"k": "v"}).json()
print(seen["type"].split(";")[0], 'filename="a.txt"' in seen["body"], 'name="k"' in seen["body"])
print(requests.head(url).content, requests.options(url).json()["method"])
