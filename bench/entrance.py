"""Entering a dashboard that tests and measurements have started: by its one-time address, as anybody would."""

import http.client
import secrets
from contextlib import closing
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from ui.access.door import TOKEN, TOKEN_VARIABLE

_cookies: dict[str, dict[str, str]] = {}


def new_token() -> dict[str, str]:
    """Return the environment that sets a dashboard's one-time token."""
    return {TOKEN_VARIABLE: secrets.token_urlsafe(32)}


def enter(address: str, environment: dict[str, str]) -> None:
    """Open the one-time address of a running dashboard, and keep its cookies for `cookies`.

    Where viewers sign in, there are none.
    """
    _cookies[address] = cookies_for(address, f"/?{urlencode({TOKEN: environment[TOKEN_VARIABLE]})}")


def cookies_for(address: str, path: str) -> dict[str, str]:
    """Return the cookies that a request for a path sets, by name, without Streamlit's."""
    with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)) as connection:
        connection.request("GET", f"{urlsplit(address).path}{path}")
        given = SimpleCookie()
        for value in connection.getresponse().headers.get_all("Set-Cookie") or []:
            given.load(value)
    return {name: morsel.value for name, morsel in given.items() if name.startswith("report_")}


def cookies(address: str) -> dict[str, str]:
    """Return the cookies for a dashboard that was entered, by name; none otherwise."""
    return _cookies.get(address, {})


def cookie_header(address: str) -> dict[str, str]:
    """Return the Cookie header, or no header if there are no cookies."""
    known = "; ".join(f"{name}={value}" for name, value in cookies(address).items())
    return {"Cookie": known} if known else {}
