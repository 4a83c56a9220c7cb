"""HTTP through the host's tool http: what http.client has instead of a socket, and what the module requests is built on."""

import errno
import io

from _wand_guest import calls, host


def exchange(method, url, headers, body=None, timeout=None, redirects=False):
    """One request as steps for calls.run and calls.drive. headers are pairs, body bytes or None, timeout seconds or None. It returns the tool's
    answer, {status, reason, url, headers, body, ...}, with a body of bytes. Errors are those of host.result."""
    arguments = {"method": method, "url": url, "headers": [list(pair) for pair in headers], "redirects": redirects}
    if body:
        try:
            arguments["body"] = body.decode()
        except UnicodeDecodeError:
            arguments["body"] = body
    if timeout is not None:
        arguments["timeout"] = timeout
    answer = host.result((yield "http", host.encode(arguments)))
    if not isinstance(answer, dict):
        raise host.ToolError("the http tool did not answer with a response")
    content = answer.get("body")
    answer["body"] = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else bytes(content or b"")
    return answer


class Socket:
    """The socket of an http.client.HTTPConnection: it takes the bytes of a request and gives those of the response."""

    def __init__(self, connection):
        self.connection = connection
        self.sent = bytearray()
        self.answer = None

    def sendall(self, data):
        if self.answer is not None:
            # The next request on the same connection.
            self.sent, self.answer = bytearray(), None
        self.sent += memoryview(data).cast("B")

    def finish(self):
        """Makes the request that was sent."""
        if self.answer is not None:
            return
        connection = self.connection
        if connection._tunnel_host:
            raise OSError(errno.ENOTSUP, "proxies are not available in this sandbox: connect to the host itself")
        head, _, body = bytes(self.sent).partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        secure = connection.default_port == 443
        authority = f"[{connection.host}]" if ":" in connection.host else connection.host
        if connection.port not in (None, connection.default_port):
            authority += f":{connection.port}"
        url = target if "://" in target.partition("?")[0] else f"http{'s' if secure else ''}://{authority}{target}"
        headers = []
        for line in lines:
            name, _, value = line.partition(":")
            lower, value = name.lower(), value.strip()
            if lower == "transfer-encoding" and "chunked" in value.lower():
                body = _unchunked(body)
            if lower == "host" and value.lower() in (authority.lower(), connection.host.lower()):
                continue
            if lower in ("connection", "content-length", "transfer-encoding") or lower == "accept-encoding" and value == "identity":
                continue
            headers.append((name, value))
        timeout = connection.timeout if isinstance(connection.timeout, (int, float)) else None
        try:
            answer = calls.run(exchange(method, url, headers, body, timeout))
        except host.ToolError as error:
            if isinstance(error, OSError) or isinstance(error, TypeError):
                raise
            failed = ConnectionError(str(error))
            if error.hint:
                failed._wand_hint = error.hint
            raise failed from None
        content = answer["body"]
        lines = [f"HTTP/1.1 {answer.get('status', 200)} {answer.get('reason') or ''}"]
        for name, value in answer.get("headers") or ():
            lower = name.lower()
            # The host has unpacked and unchunked the body.
            if lower in ("transfer-encoding", "content-encoding", "connection") or lower == "content-length" and method != "HEAD":
                continue
            lines.append(f"{name}: {' '.join(str(value).splitlines())}")
        if method != "HEAD":
            lines.append(f"Content-Length: {len(content)}")
        self.answer = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + (content if method != "HEAD" else b"")

    def makefile(self, mode="rb", *args, **kwargs):
        self.finish()
        return io.BytesIO(self.answer)

    def settimeout(self, timeout):
        self.connection.timeout = timeout

    def close(self):
        pass

    setsockopt = shutdown = lambda self, *args: None


def _unchunked(body):
    parts, at = [], 0
    while True:
        end = body.find(b"\r\n", at)
        if end < 0:
            break
        size = int(body[at:end].split(b";")[0] or b"0", 16)
        if size == 0:
            break
        parts.append(body[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
    return b"".join(parts)
