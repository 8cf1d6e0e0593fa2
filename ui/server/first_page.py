"""The document a browser loads before any page, with a script that says why no page is drawn.

Streamlit's own document draws nothing until its WebSocket is open. If a proxy blocks that, none of our code would reach
the browser, and Streamlit's own message is in English.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ui.base import streamlit_internals
from ui.base.i18n import LANGUAGES, _, speaking
from ui.base.page_paths import PATHS, WALL

_HERE = Path(__file__).parent
_SCRIPT = '<script src="./first.js" defer></script>'


async def document(request: Request) -> Response:
    """Serve Streamlit's document with our script in it."""
    return _kept(request, _document(), "text/html")


async def script(request: Request) -> Response:
    """Serve the script, with its words in every language."""
    return _kept(request, _script(), "text/javascript")


def _kept(request: Request, content: str, kind: str) -> Response:
    headers = {"Cache-Control": "no-cache", "ETag": f'"{hashlib.sha256(content.encode()).hexdigest()[:20]}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)


@cache
def _document() -> str:
    return streamlit_internals.document().replace("</head>", f"{_SCRIPT}</head>", 1)


@cache
def _script() -> str:
    words = {}
    for language in LANGUAGES:
        with speaking(language):
            words[language] = {
                "socket": _(
                    "Nothing can be shown: the connection to the server (WebSocket) does not get through. "
                    "The proxy in front of the dashboard must let WebSockets pass."
                ),
                "address": _(
                    "Nothing can be shown: another server answers at this address. "
                    "The proxy must pass on everything below the dashboard's address."
                ),
                "full": _(
                    "Too many pages are open from your account or your address. "
                    "Close some of them: then this page comes by itself."
                ),
                "lost": _("Nothing can be shown: the server does not answer. This page comes as soon as it does."),
                "signed_out": _("Nothing can be shown: you are signed out."),
                "sign_in": _("Sign in again"),
            }
    ours = (_HERE / "first.js").read_text().replace('"words"', json.dumps(words, ensure_ascii=False), 1)
    return streamlit_internals.browser_script(ours)


routes = [Route("/first.js", script), *(Route(f"/{path}", document) for path in (*PATHS, WALL))]
