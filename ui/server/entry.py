"""Removes a token from the address at the first request: the answer sets a cookie and redirects without the token."""

from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import HTTPConnection
from starlette.responses import Response

from ui.access import door
from ui.base.page_paths import WALL
from ui.wall import screen_cookie, screens


def without_token(asked: HTTPConnection, path: str, *, locked: bool) -> Response | None:
    """Return the answer to an address with a token: a cookie and a redirect; None if there is nothing to do.

    `path` is a result of `ui.server.gate.plain_path`. `locked`: nobody signs in, so the one-time address
    counts. The token is removed from the scope's query too, so that the web server does not log it.
    """
    if asked.scope["type"] != "http" or asked.scope["method"] not in {"GET", "HEAD"}:
        return None
    query = parse_qsl(
        asked.scope["query_string"].decode(errors="surrogateescape"), keep_blank_values=True, errors="surrogateescape"
    )
    token = next((value for word, value in query if word == door.TOKEN), None)
    is_wall = path.rpartition("/")[2] == WALL  # also below a proxy's prefix
    if token is None or not (is_wall or locked):
        return None
    cookie = ""
    if locked and asked.scope["method"] == "GET" and (value := door.door().spend(token)):
        cookie = door.set_cookie(door.cookie_name(), value)
    elif is_wall:
        name = next((value for word, value in query if word == screen_cookie.SCREEN), "")
        if screens.opened(name, token, known_viewer=False):
            cookie = screen_cookie.cookie_of(name, token)
    elif not door.holds(asked.cookies):
        return None  # the gate answers
    rest = urlencode([(word, value) for word, value in query if word != door.TOKEN], errors="surrogateescape")
    asked.scope["query_string"] = rest.encode()
    place = quote(asked.scope["path"].rpartition("/")[2])
    headers = {"Location": f"./{place}{'?' if rest else ''}{rest}", "Cache-Control": "no-store"}
    if cookie:
        headers["Set-Cookie"] = cookie
    return Response(status_code=303, headers=headers)


def is_of_a_screen(asked: HTTPConnection, path: str) -> bool:
    """Whether a wall's page made a request, from a browser that holds a screen's cookie."""
    if not screen_cookie.needs(path):
        return False
    try:
        known = screens.screens() or {}
    except screens.NotAScreen:
        return False
    return any(screens.opened(name, screen_cookie.token_in(asked.cookies, name), known_viewer=False) for name in known)
