"""Where a request comes from, as far as its form tells. A proxy that adds nothing looks like this machine itself, so
coming from here is needed where nobody signs in, and never enough for real reports (ui/access/door.py).
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
    """Return the address a request comes from; None where there is none (a socket of this machine)."""
    return asked.client.host if asked.client else None


def says_passed_on(asked: HTTPConnection) -> bool:
    """Whether a header tells that a proxy passed the request on."""
    return any(name in _PASSED_ON or name.startswith("x-forwarded") for name in asked.headers)


def is_from_here(asked: HTTPConnection) -> bool:
    """Whether a request comes from an address of this machine, and nothing says that it was passed on."""
    if says_passed_on(asked):
        return False
    try:
        return peer(asked) is None or ipaddress.ip_address(peer(asked) or "").is_loopback
    except ValueError:
        return False


def looks_passed_on(asked: HTTPConnection) -> bool:
    """Whether the form of a request tells of a proxy that says nothing of itself.

    nginx asks by HTTP/1.0 unless told otherwise, and with `Connection: close` by 1.1; no browser does. A browser tells
    this machine's own names how it came to ask (Sec-Fetch-Site), and does not tell a host of the network that it
    reaches by http. A program, or a browser behind https, through a proxy that keeps HTTP/1.1 alive looks the same as
    one of this machine.
    """
    if says_passed_on(asked) or asked.scope.get("http_version") == "1.0":
        return True
    host = asked.headers.get("host")
    if any(word in asked.headers and urlsplit(asked.headers[word]).netloc != host for word in ("origin", "referer")):
        return asked.headers.get("sec-fetch-site") not in {"cross-site", "same-site"}  # else a link of another site
    if asked.scope["type"] == "websocket":
        return False  # its Origin is compared with its Host in any case (ui/server/gate.py)
    if "close" in {word.strip() for word in asked.headers.get("connection", "").lower().split(",")}:
        return True
    return "mozilla/" in asked.headers.get("user-agent", "").lower() and "sec-fetch-site" not in asked.headers


def names_this_machine(host: str) -> bool:
    """Whether a name, an address or a Host header means the machine itself."""
    bare = host.count(":") > 1 and not host.startswith("[")  # an IPv6 address as settings have it
    try:
        name = (host if bare else urlsplit(f"//{host}").hostname or "").rstrip(".")
        return name == "localhost" or name.endswith(".localhost") or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
