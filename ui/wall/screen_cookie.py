"""How a wall's token leaves the address: the first request with it gets a cookie for that one screen.

The cookie holds the token itself. screens.toml holds no more than the token's hash, and must not be enough to open a
screen; and a wall comes back after a restart of the server, of another server of the same city, and of its browser,
with nothing kept in any process.
"""

import hashlib
from collections.abc import Mapping
from urllib.parse import quote, unquote

from ui.access.door import set_cookie
from ui.base.streamlit_internals import ASSETS, HOST_CONFIG, STREAM

_SECONDS = 400 * 24 * 60 * 60  # the longest a browser keeps a cookie
_PATHS = ("/wall", "/first.js", STREAM, HOST_CONFIG)
_BELOW = (ASSETS, "/fonts/", "/beat/")
SCREEN = "screen"
"""The word of an address that names a screen."""


def cookie_name(screen: str) -> str:
    """Return the name of a screen's cookie: one browser may hold several screens."""
    return f"report_screen_{hashlib.sha256(screen.encode(errors='surrogatepass')).hexdigest()[:16]}"


def cookie_of(screen: str, token: str) -> str:
    """Return the value of the Set-Cookie header that keeps a screen's token."""
    return set_cookie(cookie_name(screen), quote(token, safe="", errors="surrogatepass"), seconds=_SECONDS)


def token_in(cookies: Mapping[str, str], screen: str) -> str:
    """Return the token that a browser keeps for a screen; empty where it keeps none."""
    return unquote(cookies.get(cookie_name(screen), ""), errors="surrogatepass")


def needs(path: str) -> bool:
    """Whether a wall's page asks for this path (as ui.gate.plain_path has it)."""
    return path in _PATHS or path.startswith(_BELOW)
