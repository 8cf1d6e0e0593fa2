"""A wall's token leaves the address at the first request, which gets a cookie for that screen.

The cookie holds the token itself: screens.toml holds only its hash, which must not be enough to open a screen. So a
wall comes back after a restart of the server, of another server of the same city, or of its browser, without any server
state.
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
"""The address parameter that names a screen."""


def cookie_name(screen: str) -> str:
    """Return the name of a screen's cookie: one browser may hold several screens."""
    return f"report_screen_{hashlib.sha256(screen.encode(errors='surrogatepass')).hexdigest()[:16]}"


def cookie_of(screen: str, token: str) -> str:
    """Return the Set-Cookie value that keeps a screen's token."""
    return set_cookie(cookie_name(screen), quote(token, safe="", errors="surrogatepass"), seconds=_SECONDS)


def token_in(cookies: Mapping[str, str], screen: str) -> str:
    """Return the token a browser keeps for a screen; empty if none."""
    return unquote(cookies.get(cookie_name(screen), ""), errors="surrogatepass")


def needs(path: str) -> bool:
    """Whether a wall's page requests this path (as returned by ui.gate.plain_path)."""
    return path in _PATHS or path.startswith(_BELOW)
