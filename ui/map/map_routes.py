"""Map data by address: validated, compressed, with an ETag. Viewers who may see the same share one answer."""

import gzip
import hashlib
import json
import math
from collections.abc import Awaitable, Callable, Hashable
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from queries.cases.cases import readable_count
from queries.engine.database import DatabaseAway, ReportDatabase
from queries.engine.filters import Filters
from queries.figures.figures import names
from queries.places import map as map_queries
from safe_text import one_line
from ui.access import accounts, languages
from ui.address.url_filters import parse_filters
from ui.base.i18n import LANGUAGES, rounding
from ui.live import watch
from ui.map import map_data
from ui.map.colour_scale import MEASURES, crowd_bounds, measured

ARRIVED_WITHIN = timedelta(minutes=15)
"""How long a new report is marked on the map."""
COUNTED = ("received", "open")
"""The figures that squares may count; the default first."""

_FAST = 6  # a higher level of gzip takes three times as long for two per cent


class BadRequest(Exception):
    """An invalid request for map data; the message says why. `status` is the HTTP status."""

    def __init__(self, words: str, status: int = 400) -> None:
        """Keep the message and the status."""
        super().__init__(words)
        self.status = status


class MapRequest:
    """A validated request for map data: the database, the filters and the other parameters of its address."""

    def __init__(self, request: Request) -> None:
        """Parse the request. Raises BadRequest (also for a viewer without access), DatabaseAway."""
        account = accounts.of_request(request)
        if account is None:
            raise BadRequest("Sign in first.", 401)
        self.account = account
        watcher = watch.watcher()
        if watcher.pulse.city is None:
            raise DatabaseAway("no city yet")
        query = {key: request.query_params.getlist(key) for key in request.query_params}
        found = parse_filters(
            query, reports=watcher.reports, city=watcher.pulse.city, now=datetime.now(UTC), scope=account.scope
        )
        if found.unrecognised:
            raise BadRequest(f"Not understood: {', '.join(found.unrecognised[:5])[:200]}")
        if (level := request.path_params.get("level", "district")) not in map_data.LEVELS:
            raise BadRequest("No such level of areas.", 404)
        self.reports: ReportDatabase = watcher.reports
        self.filters: Filters = found.filters
        self.level: Any = level
        default = languages.of_request(request, account, watcher.pulse.city)
        self.language = _one_of(query, "lang", (default, *(code for code in LANGUAGES if code != default)))
        self.measure = _one_of(query, "measure", MEASURES)
        self.count = _one_of(query, "count", COUNTED)
        self.zoom = _within(query, "zoom", 0, 24, default=9)
        self.size = _within(query, "size", 5, 100, default=12)

    def need_cases(self) -> None:
        """Raise BadRequest if the viewer may read no case."""
        if not self.filters.scope.sees_cases:
            accounts.refused(self.account.subject, "map data refused")
            raise BadRequest("Your account may see figures, but no cases.", 403)

    def key(self) -> Hashable:
        """Return everything the answer depends on, including what the viewer may see."""
        words = (self.level, self.language, self.measure, self.count, self.zoom, self.size)
        return (id(self.reports), self.filters, *words)


def drawn_areas(reports: ReportDatabase, level: str) -> pd.DataFrame:
    """Return the areas of a level in drawing form (map_data.geometries). Raises DatabaseAway."""
    return reports.remember(("drawn areas", level), lambda: map_data.geometries(reports.ask("areas", level=level)))


def _one_of(query: dict[str, list[str]], word: str, allowed: tuple[Any, ...]) -> Any:
    """Return a parameter of the query, by default the first allowed value. Raises BadRequest."""
    if word not in query:
        return allowed[0]
    for value in allowed:
        if query[word] == [str(value)]:
            return value
    raise BadRequest(f"{word} must be one of {', '.join(map(str, allowed))}.")


def _within(query: dict[str, list[str]], word: str, least: int, most: int, *, default: int) -> float:
    """Return a number of the query rounded to tenths, or the default. Raises BadRequest."""
    given = query.get(word, [str(default)])
    try:
        number = round(float(given[0]), 1)
    except ValueError:
        number = math.nan
    if len(given) > 1 or not least <= number <= most:
        raise BadRequest(f"{word} must be one number from {least} to {most}.")
    return number


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _shapes(asking: MapRequest) -> str:
    shapes = drawn_areas(asking.reports, asking.level)
    wanted = asking.filters.districts if asking.level == "district" else asking.filters.wards
    return _json(map_data.shapes(shapes[shapes["key"].isin(wanted)] if wanted else shapes, asking.language))


def _areas(asking: MapRequest) -> str:
    table = measured(asking.reports, asking.filters, asking.level, asking.measure)
    drawn = drawn_areas(asking.reports, asking.level)
    return _json(map_data.areas(drawn, table, asking.measure, asking.language))


def _labels(asking: MapRequest) -> str:
    drawn = drawn_areas(asking.reports, asking.level)
    return _json(map_data.labels(drawn, asking.language, zoom=asking.zoom, size=asking.size))


def _points(asking: MapRequest) -> str:
    asking.need_cases()
    if readable_count(asking.reports, asking.filters, figure="open_on_map") > map_queries.MOST_POINTS:
        raise BadRequest("Too many open reports for points: choose fewer, or ask for squares.")
    groups = map_queries.points(asking.reports, asking.filters)
    return map_data.points(groups, names(asking.reports, "category"), asking.language)


def _arrivals(asking: MapRequest) -> str:
    asking.need_cases()
    since = asking.filters.at - ARRIVED_WITHIN
    groups = map_queries.arrivals(asking.reports, asking.filters, since=since)
    return map_data.points(groups, names(asking.reports, "category"), asking.language)


def _squares(asking: MapRequest) -> str:
    table = map_queries.squares(asking.reports, asking.filters, figure=asking.count)
    return _json(map_data.squares(table, crowd_bounds(table["reports"]), asking.language))


def _packed(answer: Callable[[MapRequest], str], request: Request) -> bytes:
    asking = MapRequest(request)
    return asking.reports.remember(
        ("packed", answer, asking.key()), lambda: gzip.compress(_written(answer, asking), _FAST, mtime=0)
    )


def _written(answer: Callable[[MapRequest], str], asking: MapRequest) -> bytes:
    with rounding(not asking.filters.exact):
        return answer(asking).encode()


def _served(answer: Callable[[MapRequest], str]) -> Callable[[Request], Awaitable[Response]]:
    """Return the route that serves an answer as compressed JSON with an ETag."""

    async def serve(request: Request) -> Response:
        """Answer one request for map data."""
        try:
            packed = await run_in_threadpool(_packed, answer, request)
        except BadRequest as nonsense:
            return PlainTextResponse(one_line(str(nonsense)), nonsense.status)
        except DatabaseAway:
            return PlainTextResponse("The report database does not answer now.", 503, headers={"Retry-After": "5"})
        tag = f'"{hashlib.sha256(packed).hexdigest()[:20]}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(gzip.decompress(packed), media_type="application/json", headers=headers)
        return Response(packed, media_type="application/json", headers=headers | {"Content-Encoding": "gzip"})

    return serve


routes = [
    Route("/map/shapes/{level}.json", _served(_shapes)),
    Route("/map/areas/{level}.geojson", _served(_areas)),
    Route("/map/labels/{level}.json", _served(_labels)),
    Route("/map/points.json", _served(_points)),
    Route("/map/arrivals.json", _served(_arrivals)),
    Route("/map/squares.json", _served(_squares)),
]
