"""The path below which the dashboard is served, Streamlit's `server.baseUrlPath`.

Streamlit moves its own routes, cookies of sign-in and redirects below it, but not the routes an application adds. This
module moves ours; code that compares a request's path does so without the base path. None of our routes answers
outside it. A proxy that passes the whole path on needs this setting; one that removes the base path does not.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send
from streamlit import config

BASE_VARIABLE: Final = "STREAMLIT_SERVER_BASE_URL_PATH"
"""The variable that sets it for `streamlit run`."""
_WHOLE_SITE: Final = re.compile(rb";\s*path=/(?=\s*(;|$))", re.IGNORECASE)
_DELETES: Final = b"max-age=0"
_CHOSEN: Final = "ui.base.base_path"


def base_path() -> str:
    """Return the base path, such as "/reports"; empty at the root of the host."""
    path = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def without_base(path: str) -> str:
    """Return a request's path without the base path; a path outside it is returned unchanged. Ignores case."""
    base = base_path()
    inside = base and path.lower().startswith(base.lower()) and path[len(base) : len(base) + 1] in {"", "/"}
    return path[len(base) :] or "/" if inside else path


def cookie_within(cookie: bytes) -> bytes:
    """Limit the path of a Set-Cookie value to the base path, so that no other application of the host gets the cookie.

    A value that deletes a cookie is left unchanged: the cookie may be older than the base path.
    """
    base = base_path().encode()
    return cookie if not base or _DELETES in cookie.lower() else _WHOLE_SITE.sub(lambda _: b"; Path=" + base, cookie)


class BelowBase(BaseRoute):
    """Our own routes, moved below the base path. The base path is read at the first request.

    Requests that match none of them are left to Streamlit's routes.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        """Take routes whose paths begin at the dashboard's own root."""
        self.own = routes

    @cached_property
    def _routes(self) -> list[Route]:
        base = base_path()
        moved = [Route(f"{base}{own.path}", own.endpoint, methods=own.methods) for own in self.own]
        return [Route(base, _to_the_overview), *moved] if base else moved

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether one of the routes answers a request."""
        for route in self._routes:
            match, found = route.matches(scope)
            if match is not Match.NONE:
                return match, {**found, _CHOSEN: route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to the route that matched."""
        await scope[_CHOSEN].handle(scope, receive, send)


async def _to_the_overview(request: Request) -> Response:
    """Redirect the base path without a slash to the overview, by path only: the proxy's scheme and host are kept."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{base_path()}/{query}", 307, headers={"Cache-Control": "no-cache"})
