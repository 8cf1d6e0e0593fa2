"""The heartbeat of every open page: its browser asks whether the page is still current, and has it drawn again if not.

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
    """Start the browser's heartbeat; the page is also drawn again when `stands` becomes false.

    `page` is the path of the page that is drawn: if the address has changed since, the browser asks for the new page.
    """
    viewer = watch.viewer()
    viewer.stands = stands
    query = urlencode({word: st.query_params.get_all(word) for word in st.query_params}, doseq=True)
    data = {"viewer": viewer.name, "run": viewer.run, "page": page, "query": query}
    _component()(data=data, key="beat", width="content", on_again_change=lambda: None)


async def beat(request: Request) -> Response:
    """Tell a browser whether its run of a page is current (ui/live/sessions.py): times in milliseconds since 1970.

    Every answer is JSON, so that a browser can tell it from another server's (ui/live/beat.js).
    """
    watcher = watch.watcher()
    viewer = watcher.viewers.named(request.path_params["viewer"])
    if viewer is None:  # the session is over
        return JSONResponse({"gone": True}, 404, headers=_NOT_KEPT)
    heard = viewer.beat(request.path_params["run"], watcher.pulse)
    answer = [_milliseconds(heard.now), _milliseconds(heard.verified_at), heard.away, heard.again]
    return JSONResponse(answer, headers=_NOT_KEPT)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@cache
def _component() -> ComponentRenderer:
    return component("beat", Path(__file__).parent / "beat.js", html="<i></i>")


beat_routes = [Route("/beat/{viewer}/{run:int}", beat)]
