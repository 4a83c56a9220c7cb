# attack: reach the network in every way that the library knows
# expect: completed
# result: []
reached = []
def attempt(name, act):
    try:
        act()
        reached.append(name)
    except Exception:
        pass
def connect():
    import socket
    s = socket.socket()
    s.settimeout(1)
    s.connect(("127.0.0.1", 22))
def bind():
    import socket
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen()
def url():
    import urllib.request
    urllib.request.urlopen("http://127.0.0.1:80/", timeout=1)
attempt("connect", connect)
attempt("bind", bind)
attempt("url", url)
attempt("http", lambda: __import__("http.client").client.HTTPConnection("127.0.0.1", 80, timeout=1).request("GET", "/"))
attempt("asyncio", lambda: __import__("asyncio").run(__import__("asyncio").open_connection("127.0.0.1", 22)))
attempt("getaddrinfo", lambda: __import__("socket").getaddrinfo("localhost", 80))
attempt("descriptor", lambda: __import__("socket").socket(fileno=3))
reached
