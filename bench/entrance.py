"""How tests and measurements come into a dashboard that they started: by its one-time address, as anybody else does."""

import http.client
import secrets
from contextlib import closing
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from ui.access.door import TOKEN, TOKEN_VARIABLE

_cookies: dict[str, dict[str, str]] = {}


def new_token() -> dict[str, str]:
    """Return the environment that gives a dashboard the token of its one-time address."""
    return {TOKEN_VARIABLE: secrets.token_urlsafe(32)}


def enter(address: str, environment: dict[str, str]) -> None:
    """Open the one-time address of a running dashboard, and keep the cookies it gives for `cookies`.

    It gives none where viewers sign in.
    """
    _cookies[address] = cookies_for(address, f"/?{urlencode({TOKEN: environment[TOKEN_VARIABLE]})}")


def cookies_for(address: str, path: str) -> dict[str, str]:
    """Return the cookies that a request for a path gives, by name; those of Streamlit are left out."""
    with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)) as connection:
        connection.request("GET", f"{urlsplit(address).path}{path}")
        given = SimpleCookie()
        for value in connection.getresponse().headers.get_all("Set-Cookie") or []:
            given.load(value)
    return {name: morsel.value for name, morsel in given.items() if name.startswith("report_")}


def cookies(address: str) -> dict[str, str]:
    """Return the cookies of whoever entered the dashboard at an address, by name; none where nobody did."""
    return _cookies.get(address, {})


def cookie_header(address: str) -> dict[str, str]:
    """Return the header that carries them; no header where there are none."""
    known = "; ".join(f"{name}={value}" for name, value in cookies(address).items())
    return {"Cookie": known} if known else {}
