"""Helpers that programs take from requests.utils."""

from urllib.parse import quote, quote_plus, unquote, unquote_plus, unquote_to_bytes, urlparse, urlsplit, urlunparse

from requests.cookies import cookiejar_from_dict
from requests.structures import CaseInsensitiveDict

_safe = "!#$%&'()*+,/:;=?@[]~"


def requote_uri(uri):
    """Returns a URL with what must be quoted quoted, and nothing twice."""
    return quote(uri, safe=_safe)


def default_user_agent(name="python-requests"):
    return f"{name}/2.32.3"


def default_headers():
    return CaseInsensitiveDict({"User-Agent": default_user_agent(), "Accept": "*/*"})


def dict_from_cookiejar(jar):
    return jar.get_dict()


def get_encoding_from_headers(headers):
    """Returns the encoding that a Content-Type names or implies, or None."""
    kind, _, rest = headers.get("content-type", "").partition(";")
    for parameter in rest.split(";"):
        key, _, value = parameter.strip().partition("=")
        if key.lower() == "charset" and value:
            return value.strip("'\" ")
    if kind.strip().lower().startswith("text/"):
        return "ISO-8859-1"
    return "utf-8" if "application/json" in kind.lower() else None


def parse_header_links(value):
    """Returns the links of a Link header as a list of dicts."""
    links = []
    for part in (value or "").strip(" '\"").split(",") if value else ():
        if "<" not in part:
            continue
        url, _, parameters = part.partition(";")
        link = {"url": url.strip("<> '\"")}
        for parameter in parameters.split(";"):
            key, equals, text = parameter.partition("=")
            if equals:
                link[key.strip(" '\"")] = text.strip(" '\"")
        links.append(link)
    return links


def guess_json_utf(data):
    return "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig" if data[:3] == b"\xef\xbb\xbf" else "utf-8"


def to_key_val_list(value):
    return list(value.items()) if hasattr(value, "items") else list(value)


def get_netrc_auth(url, raise_errors=False):
    return None


def get_environ_proxies(url, no_proxy=None):
    return {}


def super_len(o):
    return len(o) if hasattr(o, "__len__") else len(o.read())
