# tools: none
# hint: network
import requests

requests.get("http://example.com/")  # error: ConnectionError: [Errno 40] the network is not reachable from this sandbox...
