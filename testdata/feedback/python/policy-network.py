import requests

print(requests.get("https://example.com/data").text)
