"""Where a request comes from, as far as its headers show. A proxy that adds no header looks like this machine itself,
so coming from here is required where nobody signs in, but never sufficient for real reports (ui/access/door.py).
"""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

_PASSED_ON: Final = (
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "x-original-host",
    "x-original-url",
    "x-envoy-external-address",
    "true-client-ip",
    "cf-connecting-ip",
    "cdn-loop",
)


def peer(asked: HTTPConnection) -> str | None:
    """Return the address of a request's peer; None for a Unix socket."""
    return asked.client.host if asked.client else None


def says_passed_on(asked: HTTPConnection) -> bool:
    """Whether a header says that a proxy forwarded the request."""
    return any(name in _PASSED_ON or name.startswith("x-forwarded") for name in asked.headers)


def is_from_here(asked: HTTPConnection) -> bool:
    """Whether a request comes from an address of this machine without a sign of a proxy."""
    if says_passed_on(asked):
        return False
    try:
        return peer(asked) is None or ipaddress.ip_address(peer(asked) or "").is_loopback
    except ValueError:
        return False


def looks_passed_on(asked: HTTPConnection) -> bool:
    """Whether a request looks forwarded by a proxy that does not announce itself.

    nginx uses HTTP/1.0 by default, and `Connection: close` with 1.1; browsers do neither. A browser sends
    Sec-Fetch-Site to this machine's own names, but not to a network host over http. A program, or a browser behind
    https, through a proxy that keeps HTTP/1.1 alive cannot be told from a local one.
    """
    if says_passed_on(asked) or asked.scope.get("http_version") == "1.0":
        return True
    host = asked.headers.get("host")
    if any(word in asked.headers and urlsplit(asked.headers[word]).netloc != host for word in ("origin", "referer")):
        return asked.headers.get("sec-fetch-site") not in {"cross-site", "same-site"}  # otherwise another site's link
    if asked.scope["type"] == "websocket":
        return False  # the gate compares Origin with Host in any case (ui/server/gate.py)
    if "close" in {word.strip() for word in asked.headers.get("connection", "").lower().split(",")}:
        return True
    return "mozilla/" in asked.headers.get("user-agent", "").lower() and "sec-fetch-site" not in asked.headers


def names_this_machine(host: str) -> bool:
    """Whether a name, an address or a Host header means this machine."""
    bare = host.count(":") > 1 and not host.startswith("[")  # an IPv6 address as written in settings
    try:
        name = (host if bare else urlsplit(f"//{host}").hostname or "").rstrip(".")
        return name == "localhost" or name.endswith(".localhost") or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
