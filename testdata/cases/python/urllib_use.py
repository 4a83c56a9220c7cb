import urllib.request

urllib.request.urlopen("http://example.com/")  # error: URLError: <urlopen error [Errno 40] the network is not reachable from this sandbox; call a host function (import tools) or use the data that was given>
