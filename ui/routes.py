"""What the browser fetches besides Streamlit itself: fonts and map data, from this server alone."""

import hashlib
import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import fontpkg_be_vietnam_pro
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from queries.database import DatabaseAway
from queries.figures import figures
from ui import live
from ui.asked import asked
from ui.maps import area_features

_FONTS = files(fontpkg_be_vietnam_pro) / "files"
_YEAR = "public, max-age=31536000, immutable"


async def font(request: Request) -> Response:
    """Serve one font file of the package by its name."""
    content = _font(request.path_params["name"])
    if content is None:
        return PlainTextResponse("No such font.", 404)
    return Response(content, media_type="font/ttf", headers={"Cache-Control": _YEAR})


@cache
def _font(name: str) -> bytes | None:
    known = {font.name: font for font in _FONTS.iterdir() if font.name.endswith(".ttf")}
    return known[name].read_bytes() if name in known else None


async def areas(request: Request) -> Response:
    """Serve the areas of a level with their figures, for the filters in the query, as GeoJSON."""
    level = request.path_params["level"]
    if level not in {"district", "ward"}:
        return PlainTextResponse("No such level.", 404)
    try:
        body = await run_in_threadpool(
            _areas, level, {key: request.query_params.getlist(key) for key in request.query_params}
        )
    except DatabaseAway:
        return PlainTextResponse("The report database does not answer now.", 503, headers={"Retry-After": "5"})
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/geo+json", headers=headers)


def _areas(level: Any, query: dict[str, list[str]]) -> bytes:
    watcher = live.watcher()
    city = watcher.pulse.city
    if city is None:
        raise DatabaseAway("no city yet")
    filters = asked(query, reports=watcher.reports, city=city, now=datetime.now(UTC)).filters
    table = figures(watcher.reports, filters, by=level)
    shapes = watcher.reports.ask("areas", level=level)
    return json.dumps(area_features(shapes, table), ensure_ascii=False, separators=(",", ":")).encode()


routes = [
    Route("/fonts/{name}", font),
    Route("/map/areas/{level}.geojson", areas),
]
