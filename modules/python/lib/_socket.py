"""_socket, which WASI has not: what socket.py needs to be imported. Every use says why it cannot work."""

import errno

AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6 = 0, 1, 2, 10
SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_NONBLOCK, SOCK_CLOEXEC = 1, 2, 3, 0o4000, 0o2000000
SOL_SOCKET, SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_BROADCAST, SO_KEEPALIVE, SO_REUSEPORT = 1, 2, 3, 4, 6, 9, 15
SO_SNDBUF, SO_RCVBUF, SO_LINGER, SOMAXCONN = 7, 8, 13, 4096
IPPROTO_IP, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_IPV6 = 0, 1, 6, 17, 41
TCP_NODELAY, IPV6_V6ONLY, SHUT_RD, SHUT_WR, SHUT_RDWR = 1, 26, 0, 1, 2
MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT = 2, 0x100, 0x40
AI_PASSIVE, AI_CANONNAME, AI_NUMERICHOST, AI_NUMERICSERV, AI_ADDRCONFIG = 1, 2, 4, 0x400, 0x20
NI_NUMERICHOST, NI_NUMERICSERV, NI_NAMEREQD, NI_DGRAM = 1, 2, 8, 16
EAI_AGAIN, EAI_FAIL, EAI_FAMILY, EAI_NONAME, EAI_SERVICE = -3, -4, -6, -2, -8
INADDR_ANY, INADDR_LOOPBACK, INADDR_BROADCAST, INADDR_NONE = 0, 0x7F000001, 0xFFFFFFFF, 0xFFFFFFFF
has_ipv6 = False

error = OSError
timeout = TimeoutError


class herror(OSError):
    pass


class gaierror(OSError):
    pass


def _refuse(*args, **kwargs):
    raise OSError(errno.ENETUNREACH, "the network is not reachable from this sandbox; call a host function (import tools) or use the data that was given")


class socket:
    """A socket that cannot be made."""

    __slots__ = ()
    family = type = proto = timeout = None

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        _refuse()

    def close(self):
        pass

    def detach(self):
        return -1

    def fileno(self):
        return -1

    accept = bind = connect = connect_ex = getpeername = getsockname = getsockopt = listen = recv = recv_into = _refuse
    recvfrom = recvfrom_into = send = sendall = sendto = setblocking = setsockopt = settimeout = gettimeout = shutdown = _accept = _refuse


SocketType = socket

getaddrinfo = gethostbyaddr = gethostbyname = gethostbyname_ex = getnameinfo = getservbyname = getservbyport = getprotobyname = _refuse
socketpair = dup = close = if_nameindex = if_nametoindex = if_indextoname = sethostname = _refuse

_default_timeout = None


def getdefaulttimeout():
    return _default_timeout


def setdefaulttimeout(value):
    global _default_timeout
    _default_timeout = value


def gethostname():
    return "sandbox"


def htons(value):
    return int.from_bytes(value.to_bytes(2, "big"), "little")


def htonl(value):
    return int.from_bytes(value.to_bytes(4, "big"), "little")


ntohs, ntohl = htons, htonl


def inet_aton(text):
    parts = [int(part) for part in text.split(".")]
    if len(parts) != 4 or any(not 0 <= part <= 255 for part in parts):
        raise OSError("illegal IP address string passed to inet_aton")
    return bytes(parts)


def inet_ntoa(packed):
    return ".".join(str(part) for part in packed)


def inet_pton(family, text):
    import ipaddress

    try:
        return (ipaddress.IPv4Address if family == AF_INET else ipaddress.IPv6Address)(text).packed
    except ValueError:
        raise OSError("illegal IP address string passed to inet_pton") from None


def inet_ntop(family, packed):
    import ipaddress

    return str((ipaddress.IPv4Address if family == AF_INET else ipaddress.IPv6Address)(bytes(packed)))


CAPI = None
