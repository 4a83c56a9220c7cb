# stdout: HTTPError MissingSchema InvalidSchema ConnectionError JSONDecodeError AccessDenied True
import requests


def kind(call):
    try:
        call()
    except requests.exceptions.RequestException as e:
        return type(e).__name__


print(
    kind(lambda: requests.get(INPUT + "/missing").raise_for_status()), kind(lambda: requests.get("example.com")), kind(lambda: requests.get("ftp://x")),
    kind(lambda: requests.get("http://127.0.0.1:1/")), kind(lambda: requests.get(INPUT + "/text").json()), kind(lambda: requests.get("http://denied.test/")),
    issubclass(requests.exceptions.ConnectionError, OSError),
)
