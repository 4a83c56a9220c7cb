# status: denied
# stdout: True
import requests

try:
    requests.get("http://denied.test/")
except PermissionError as e:
    print(str(e).startswith("not allowed: no rule grants GET http://denied.test/"))
requests.get("http://denied.test/")  # error: AccessDenied: not allowed: no rule grants GET http://denied.test/...
