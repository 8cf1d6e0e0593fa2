"""The one-time address that opens a dashboard where nobody signs in (as Jupyter prints one).

The start prints an address with a token. The first request with the token gets a cookie; the token is spent then. Only
the process knows both, so a restart needs the address that it prints. Whoever holds the cookie is the administrator:
they read what the server prints, so they run it.
"""

import os
import secrets
import threading
from collections.abc import Mapping
from hmac import compare_digest

from ui.base import process
from ui.base.base_path import base_path
from ui.base.settings import SettingsError
from ui.base.streamlit_internals import option

TOKEN_VARIABLE = "REPORT_TOKEN"  # noqa: S105  # a name
"""The token of the one-time address, for programs that start the dashboard; unset, one is drawn and printed."""
TOKEN = "token"  # noqa: S105  # a word of addresses
"""The word of an address that holds a token, this one or a wall's."""
_SHORTEST = 32


class Door:
    """One token that opens once, and the cookie that its first use gives. Safe to share between threads."""

    def __init__(self, token: str) -> None:
        """Wait for `token`."""
        self._token: str | None = token
        self._cookie = secrets.token_urlsafe(32)
        self._guard = threading.Lock()

    def fits(self, token: str) -> bool:
        """Whether this is the token, and nobody has used it yet."""
        return self._token is not None and compare_digest(_bytes(token), _bytes(self._token))

    def spend(self, token: str) -> str | None:
        """Use the token: return the cookie's value. None for a wrong token, and for one that was used."""
        with self._guard:
            if not self.fits(token):
                return None
            self._token = None
            return self._cookie

    def holds(self, cookies: Mapping[str, str]) -> bool:
        """Whether these cookies are of a browser that used the token."""
        return compare_digest(_bytes(cookies.get(cookie_name(), "")), _bytes(self._cookie))


_doors: list[Door] = []


def prepare() -> str:
    """Make a new door for this process and return its token. Raises SettingsError for a token that is too short."""
    token = os.environ.pop(TOKEN_VARIABLE, None)
    if token is not None and len(token) < _SHORTEST:
        raise SettingsError(f"{TOKEN_VARIABLE} has {_SHORTEST} characters or more, drawn at random.")
    drawn = token or secrets.token_urlsafe(32)
    _doors[:] = [Door(drawn)]
    return f"<{TOKEN_VARIABLE}>" if token else drawn


def door() -> Door:
    """Return this process's door; before the start has made one, a door that nothing opens."""
    if not _doors:
        _doors.append(Door(secrets.token_urlsafe(32)))
    return _doors[0]


def holds(cookies: Mapping[str, str]) -> bool:
    """Whether these cookies are of a browser that opened the one-time address of this process."""
    return door().holds(cookies)


def cookie_name() -> str:
    """Return the cookie's name, each server's own: a browser sends cookies to every port of a host."""
    return f"report_door_{option('server.port')}"


def set_cookie(name: str, value: str, *, seconds: int | None = None) -> str:
    """Return the value of a Set-Cookie header that no script reads and no other site's page causes to be sent.

    Without a path, a browser keeps it for what lies beside the address as the browser knows it, below a proxy's prefix
    too. Without `seconds` it goes with the browser.
    """
    lasts = "" if seconds is None else f"; Max-Age={seconds}"
    return f"{name}={value}; HttpOnly; SameSite=Strict{lasts}"


def address(token: str) -> str:
    """Return the one-time address, as whoever sits at this machine opens it; PORT where nobody knows the port yet."""
    scheme = "https" if option("server.sslCertFile") else "http"
    return f"{scheme}://localhost:{process.port() or 'PORT'}{base_path()}/?{TOKEN}={token}"


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
