# status: denied
# kind: policy
# tools: none
# hint: network
import requests

requests.get("http://example.com/")  # error: AccessDenied: not allowed: no rule grants GET http://example.com/...
