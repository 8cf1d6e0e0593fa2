"""The heartbeat of every open page: its browser asks whether what it shows still holds, and has it drawn again if not.

A beat is a small request that looks at what the watcher saw last, in memory. A Streamlit fragment on a timer would
start a thread and send the whole theme each time: 6 ms of processor time in place of 0.5.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ui.base.streamlit_internals import ComponentRenderer, component
from ui.live import watch

_NOT_KEPT = {"Cache-Control": "no-store"}


def heartbeat(page: str, stands: Callable[[], bool]) -> None:
    """Let the browser ask from now on; the page is drawn again as well where something no longer `stands`.

    `page` is the path of the page that is drawn: where the address has become another one since, the browser asks for
    that.
    """
    viewer = watch.viewer()
    viewer.stands = stands
    query = urlencode({word: st.query_params.get_all(word) for word in st.query_params}, doseq=True)
    told = {"viewer": viewer.name, "run": viewer.run, "page": page, "query": query}
    _component()(data=told, key="beat", width="content", on_again_change=lambda: None)


async def beat(request: Request) -> Response:
    """Tell a browser what the run it has of a page is worth (ui/live/sessions.py): moments in milliseconds since 1970.

    Every answer is JSON, so that a browser knows it from another server's (ui/live/beat.js).
    """
    watcher = watch.watcher()
    viewer = watcher.viewers.named(request.path_params["viewer"])
    if viewer is None:  # their session is over
        return JSONResponse({"gone": True}, 404, headers=_NOT_KEPT)
    heard = viewer.beat(request.path_params["run"], watcher.pulse)
    told = [_milliseconds(heard.now), _milliseconds(heard.verified_at), heard.away, heard.again]
    return JSONResponse(told, headers=_NOT_KEPT)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@cache
def _component() -> ComponentRenderer:
    return component("beat", Path(__file__).parent / "beat.js", html="<i></i>")


beat_routes = [Route("/beat/{viewer}/{run:int}", beat)]
