"""The one-time address of a dashboard without sign-in (as Jupyter prints one).

The start prints an address with a token. The first request with the token gets a cookie and uses the token up. Both are
known to the process only, so a restart prints a new address. The cookie's holder is the administrator: whoever can read
the server's output runs the server.
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
"""The token of the one-time address, for programs that start the dashboard; if unset, one is drawn and printed."""
TOKEN = "token"  # noqa: S105  # a parameter of addresses
"""The address parameter of a token: this one or a wall's."""
_SHORTEST = 32


class Door:
    """One token that works once, and the cookie it is exchanged for. Thread-safe."""

    def __init__(self, token: str) -> None:
        """Accept `token` once."""
        self._token: str | None = token
        self._cookie = secrets.token_urlsafe(32)
        self._guard = threading.Lock()

    def fits(self, token: str) -> bool:
        """Whether this is the token and it is unused."""
        return self._token is not None and compare_digest(_bytes(token), _bytes(self._token))

    def spend(self, token: str) -> str | None:
        """Use the token and return the cookie's value; None if the token is wrong or used."""
        with self._guard:
            if not self.fits(token):
                return None
            self._token = None
            return self._cookie

    def holds(self, cookies: Mapping[str, str]) -> bool:
        """Whether these cookies come from the browser that used the token."""
        return compare_digest(_bytes(cookies.get(cookie_name(), "")), _bytes(self._cookie))


_doors: list[Door] = []


def prepare() -> str:
    """Make a new door for this process and return its token. Raises SettingsError if the token is too short."""
    token = os.environ.pop(TOKEN_VARIABLE, None)
    if token is not None and len(token) < _SHORTEST:
        raise SettingsError(f"{TOKEN_VARIABLE} needs at least {_SHORTEST} characters, drawn at random.")
    drawn = token or secrets.token_urlsafe(32)
    _doors[:] = [Door(drawn)]
    return f"<{TOKEN_VARIABLE}>" if token else drawn


def door() -> Door:
    """Return this process's door; before the start, one that no token opens."""
    if not _doors:
        _doors.append(Door(secrets.token_urlsafe(32)))
    return _doors[0]


def holds(cookies: Mapping[str, str]) -> bool:
    """Whether these cookies come from the browser that opened this process's one-time address."""
    return door().holds(cookies)


def cookie_name() -> str:
    """Return the cookie's name, different for each port: a browser sends cookies to every port of a host."""
    return f"report_door_{option('server.port')}"


def set_cookie(name: str, value: str, *, seconds: int | None = None) -> str:
    """Return a Set-Cookie value that scripts cannot read and other sites cannot cause to be sent.

    Without a path, a browser limits it to the address's folder as the browser sees it, also below a proxy's prefix.
    Without `seconds` it is a session cookie.
    """
    lasts = "" if seconds is None else f"; Max-Age={seconds}"
    return f"{name}={value}; HttpOnly; SameSite=Strict{lasts}"


def address(token: str) -> str:
    """Return the one-time address for a browser on this machine; "PORT" while the port is unknown."""
    scheme = "https" if option("server.sslCertFile") else "http"
    return f"{scheme}://localhost:{process.port() or 'PORT'}{base_path()}/?{TOKEN}={token}"


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
