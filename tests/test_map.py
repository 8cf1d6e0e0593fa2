"""The live map: what its queries count, how values become colours, what its routes serve and refuse."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from importlib.machinery import PathFinder
from itertools import product
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pandas as pd
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from queries.cases.cases import case_count
from queries.engine.database import DatabaseAway, ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES, cases_of
from queries.figures.figures import figures, with_sums
from queries.places import map as map_queries
from tests.reports import DAY, HOUR, SQUARE, T, give_boundaries, past, report, small_city
from ui.live import watch
from ui.map import colour_scale, map_data, map_layers
from ui.server import fonts

pytestmark = pytest.mark.usefixtures("administrator")

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
HOSTILE = '<img src=x onerror=alert(1)> & "Đống Đa"'


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    small_city(connection)
    give_boundaries(connection)
    return connection


def filters(at: datetime = T, **chosen: Any) -> Filters:
    return Filters.of(scope=ALL_CASES, at=at, zone=HANOI, start=T - 10 * DAY).choosing(**chosen)


def test_points_are_the_open_reports_with_coordinates_the_most_pressing_last(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    report(city, 1, lon=105.85, lat=21.05, due_at=T - HOUR, severity="urgent")
    report(city, 2, lon=105.86, lat=21.05, due_at=T + HOUR)
    report(city, 3, lon=105.87, lat=21.05, due_at=T + 9 * DAY, severity="complex")
    report(city, 4, lon=105.88, lat=21.05)
    report(city, 5, due_at=T - HOUR)  # not located
    report(city, 6, lon=105.85, lat=21.05, ended_at=T - HOUR)  # done
    report(city, 7, lon=105.85, lat=21.05, submitted_at=T + HOUR)  # in the future
    table = map_queries.points(reports, filters())
    assert table[["state", "severity", "reports"]].to_numpy().tolist() == [[0, 1, 1], [1, 0, 1], [2, 0, 1], [3, 2, 1]]
    assert table["places"].tolist() == [
        f"105{x}000,2105000,{number}" for x, number in ((87, 3), (88, 4), (86, 2), (85, 1))
    ]
    assert map_queries.points(reports, filters(units=(2,))).empty
    assert case_count(reports, filters(), figure="open_on_map") == len(table) == 4
    assert case_count(reports, filters(), figure="open_off_map") == 1
    assert case_count(reports, filters(), figure="open") == 5


def test_points_of_a_past_moment_are_what_was_open_then(city: psycopg.Connection, reports: ReportDatabase) -> None:
    old: dict[str, Any] = {"submitted_at": T - 5 * DAY}
    report(city, 1, lon=105.85, lat=21.05, **old)
    report(city, 2, lon=105.86, lat=21.05, ended_at=T - DAY, **old)
    report(city, 3, lon=105.87, lat=21.05, ended_at=T - DAY, reopen_count=1, **old)  # and was done before, for a day
    past(city, 3, valid_from=T - 5 * DAY, valid_to=T - 2 * DAY, ended_at=T - 3 * DAY, status="resolved", **old)
    report(city, 4, lon=105.88, lat=21.05, unit_id=2, category_id=2, transfer_count=1, **old)
    past(city, 4, valid_from=T - 5 * DAY, valid_to=T - 2 * DAY, **old)  # was unit 1's, category 1
    report(city, 5, lon=105.89, lat=21.05, submitted_at=T - DAY / 2)  # in the future
    for at, open_then in ((T - 2.5 * DAY, [1, 2, 4]), (T - 1.5 * DAY, [1, 2, 3, 4]), (T, [1, 4, 5])):
        assert _points_of(map_queries.points(reports, filters(at))) == open_then
        assert case_count(reports, filters(at), figure="open_on_map") == len(open_then)
    assert map_queries.points(reports, filters(T - 2.5 * DAY))["category_id"].unique().tolist() == [1]
    assert _points_of(map_queries.points(reports, filters(T - 2.5 * DAY, units=(2,)))) == []
    assert _points_of(map_queries.points(reports, filters(units=(2,)))) == [4]
    assert _points_of(map_queries.points(reports, filters(T - 2.5 * DAY, scope=cases_of((2,))))) == [4], "his now"


def _points_of(table: pd.DataFrame) -> list[int]:
    """Return the ids of a map's points."""
    return sorted(int(line.split(",")[2]) for places in table["places"] for line in places.splitlines())


def test_arrivals_are_what_came_in_since_a_moment(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, lon=105.85, lat=21.05, submitted_at=T - 15 * HOUR / 60)
    report(city, 2, lon=105.85, lat=21.05, submitted_at=T - HOUR / 60, ended_at=T)
    table = map_queries.arrivals(reports, filters(), since=T - HOUR / 4)
    assert table["places"].tolist() == ["10585000,2105000,2"]


@pytest.mark.parametrize(
    ("south", "north", "expected"),
    [
        (21.0, 21.2, (2, 2)),  # a hundred squares of two thousandths
        (21.0, 21.21, (4, 4)),
        (20.6, 21.4, (10, 10)),
        (59.5, 60.5, (20, 10)),  # where degrees of longitude are half as long
        (0.0, 60.0, (58, 50)),  # no city; there is no coarser grid
    ],
)
def test_a_grid_of_at_most_a_hundred_squares_one_above_the_other_fits_the_city(
    city: psycopg.Connection, database: str, south: float, north: float, expected: tuple[int, int]
) -> None:
    give_boundaries(city)
    city.execute("update area set lon = 105.8, lat = %s where id = 1", [south])
    # The second area's position is known from its boundary alone, in either form.
    for form in ("Polygon", "MultiPolygon"):
        ring: list[Any] = [[[105.8, north], [105.9, north], [105.9, north + 1], [105.8, north]]]
        shape = {"type": form, "coordinates": ring if form == "Polygon" else [ring]}
        city.execute("update area set geometry = %s where id = 2", [json.dumps(shape)])
        with closing(ReportDatabase(database)) as reports:
            assert map_queries.grid(reports) == expected


def test_a_city_without_boundaries_has_a_grid(city: psycopg.Connection, reports: ReportDatabase) -> None:
    city.execute("update area set geometry = null, lon = null, lat = null")
    assert map_queries.grid(reports) == (2, 2)


def _ten_thousandths(city: psycopg.Connection) -> None:
    """Make the city tall enough for a grid of ten thousandths of a degree."""
    give_boundaries(city)
    for key, lat in ((1, 20.6), (2, 21.4)):
        city.execute("update area set lon = 105.8, lat = %s where id = %s", [lat, key])


def test_squares_count_what_lies_in_them(city: psycopg.Connection, reports: ReportDatabase) -> None:
    _ten_thousandths(city)
    report(city, 1, lon=105.851, lat=21.051)
    report(city, 2, lon=105.859, lat=21.059, ended_at=T - HOUR)
    report(city, 3, lon=105.861, lat=21.059)  # the next square
    report(city, 4)  # not located
    report(city, 5, lon=105.851, lat=21.051, submitted_at=T - 20 * DAY)  # before the period
    report(city, 6, lon=-71.05, lat=-42.36)  # west and south of 0
    received = map_queries.squares(reports, filters(), figure="received")
    assert received.round(6).to_numpy().tolist() == [[-71.045, -42.355, 1], [105.855, 21.055, 2], [105.865, 21.055, 1]]
    assert map_queries.squares(reports, filters(), figure="open")["reports"].tolist() == [1, 2, 1]
    assert case_count(reports, filters(), figure="received_on_map") == received["reports"].sum()
    assert case_count(reports, filters(), figure="received_off_map") == 1


def test_squares_count_a_report_once_whatever_it_was_before(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, lon=105.851, lat=21.051, unit_id=2)
    past(city, 1, unit_id=1, valid_from=T - 2 * DAY, valid_to=T - 3 * HOUR)
    for at, unit in ((T - 4 * HOUR, 1), (T, 2)):
        assert map_queries.squares(reports, filters(at), figure="open")["reports"].tolist() == [1]
        there = map_queries.squares(reports, filters(at, units=(unit,)), figure="open")
        assert there["reports"].tolist() == [1]
        assert map_queries.squares(reports, filters(at, units=(3 - unit,)), figure="open").empty


def test_a_case_is_found_by_id_and_by_code_where_the_viewer_may_see_it(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    report(city, 1, lon=105.85, lat=21.05, due_at=T - HOUR, title=HOSTILE)
    found = map_queries.case(reports, filters(districts=(2,)), code="T-1")
    assert found
    assert (found["id"], found["state"], found["title"]) == (1, "overdue", HOSTILE)
    assert found["due_at"].isoformat() == "2026-11-18T09:00:00+07:00"
    assert map_queries.case(reports, filters(), report_id=1) == found
    assert map_queries.case(reports, filters(), code="T-2") is None
    assert map_queries.case(reports, filters(at=T - 3 * DAY), code="T-1") is None
    assert map_queries.case(reports, filters(scope=cases_of((2,))), code="T-1") is None


@given(st.lists(st.floats(0, 1e6), max_size=60))
def test_bounds_are_few_round_and_ascending(found: list[float]) -> None:
    bounds = colour_scale.round_bounds(found)
    assert len(bounds) < colour_scale.STEPS
    assert list(bounds) == sorted(set(bounds))
    assert all(f"{bound:.1e}"[0] in "12357" for bound in bounds)
    assert bool(bounds) == any(value > 0 for value in found)


def test_measures_are_values_of_each_area_and_say_where_there_is_nothing() -> None:
    table = pd.DataFrame(
        {
            "key": pd.array([1, 2, None], dtype="Int64"),
            "open": [17, 0, 3],
            "overdue": [13, 0, 3],
            "received": [50, 8, 1],
            "median_hours": [30.0, float("nan"), 2.0],
        }
    )
    population = pd.Series({1: 20_000, 2: None, 3: 5_000})
    found = {measure: colour_scale.values(table, population, measure).tolist() for measure in colour_scale.MEASURES}
    nothing = pytest.approx(float("nan"), nan_ok=True)
    assert found["overdue"] == [pytest.approx(13 / 17), nothing, nothing]
    assert found["backlog"] == [17, 0, 0]
    assert found["received"] == [25, nothing, 0]
    assert found["time"] == [30, nothing, nothing]


def test_a_scale_says_its_steps_in_words() -> None:
    scale = colour_scale.scale("time", pd.Series([1.0, 5, 11, 30, 50, 100, 800]))
    assert scale.bounds == (4, 12, 24, 48, 120)
    words = ["under 4 h", "4 h – 12 h", "12 h – 24 h", "24 h – 2 days", "2 days – 5 days", "5 days and more"]
    assert colour_scale.step_words(scale, "en") == words
    assert [scale.step(hours) for hours in (0, 4, 47, 48, 800)] == [0, 1, 3, 4, 5]
    assert colour_scale.step_words(colour_scale.Scale("backlog", ()), "vi") == []


def test_areas_carry_their_step_and_their_numbers(city: psycopg.Connection, reports: ReportDatabase) -> None:
    city.execute("update area set name_vi = %s where id = 1", [HOSTILE])
    for number in range(1, 5):
        report(city, number, due_at=T - HOUR if number < 3 else T + DAY)
    drawn = map_data.geometries(reports.ask("areas", level="district"))
    table = with_sums(figures(reports, filters(), by="district"))
    first, second = (area["properties"] for area in map_data.areas(drawn, table, "overdue", "vi")["features"])
    assert first == {"code": "006", "name": HOSTILE, "step": 5, "value": "50%", "raw": "2/4"}
    assert (second["step"], second["raw"]) == (-1, "0")
    assert first["name"] in json.dumps(map_data.labels(drawn, "vi", zoom=9, size=12), ensure_ascii=False).replace(
        '\\"', '"'
    )


@given(places=st.lists(st.tuples(*[st.integers(-30, 30)] * 2, *[st.integers(1, 20)] * 2), max_size=12))
def test_shown_names_do_not_overlap_and_hidden_ones_would(places: list[tuple[int, int, int, int]]) -> None:
    stands = map_data.fitting([(x, y, x + wide, y + high) for x, y, wide, high in places])
    taken: set[tuple[int, int]] = set()
    for (x, y, wide, high), stood in zip(places, stands, strict=True):
        pixels = set(product(range(x, x + wide), range(y, y + high)))
        assert stood == taken.isdisjoint(pixels)
        taken |= pixels if stood else set()


def test_zooming_in_shows_more_names() -> None:
    places = [(105.8, 21.0, "Hà Đông", 0.05), (105.81, 21.0, "Thanh Xuân", 0.04), (106.1, 21.0, "Gia Lâm", 0.03)]
    drawn = pd.DataFrame(
        [{"label": (lon, lat), "name_vi": name, "name_en": name, "room": room} for lon, lat, name, room in places]
    )

    def standing(zoom: float, size: float = 12) -> list[str]:
        return [row[2] for row in map_data.labels(drawn, "vi", zoom=zoom, size=size) if row[4]]

    assert standing(6) == ["Hà Đông"]
    assert standing(9) == ["Hà Đông", "Gia Lâm"]
    assert standing(15) == ["Hà Đông", "Thanh Xuân", "Gia Lâm"]
    assert standing(9, size=100) == ["Hà Đông"]


def test_a_map_makes_no_outside_request_and_shows_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(map_layers.STYLE_VARIABLE, raising=False)
    layers = map_layers.coloured_areas("map/areas/district.geojson", "overdue", chosen="", dark=False)
    shapes = pd.DataFrame({"geometry": [SQUARE]})
    deck = map_layers.deck(layers, map_layers.framing(shapes), says="{name}")
    drawn = json.loads(deck.to_json())
    assert drawn["mapStyle"] == "__MAP_STYLE__"  # pydeck's word for none chosen; null would fetch a public one
    assert "http" not in deck.to_json()
    assert deck._tooltip["text"] == "{name}"
    assert "html" not in deck._tooltip
    assert (
        drawn["initialViewState"]
        == json.loads(map_layers.deck([], map_layers.framing(shapes)).to_json())["initialViewState"]
    )
    monkeypatch.setenv(map_layers.STYLE_VARIABLE, "https://maps.example/style.json")
    assert (
        json.loads(map_layers.deck(layers, map_layers.framing(shapes)).to_json())["mapStyle"]
        == "https://maps.example/style.json"
    )


@pytest.mark.parametrize(("half", "zoom"), [(1e-9, 20), (0.05, 10.42), (60, 0.19), (179, 0)])
def test_a_view_shows_all_its_areas_as_near_as_a_map_can_be_drawn(half: float, zoom: float) -> None:
    corners = [[105.8 - half, 0.0], [105.8 + half, 0.0], [105.8 + half, half], [105.8 - half, half]]
    view = map_layers.framing(pd.DataFrame({"geometry": [{"type": "Polygon", "coordinates": [corners]}]}), 200, 400)
    assert view.zoom == pytest.approx(zoom, abs=0.01)
    assert view.longitude == pytest.approx(105.8)


def test_a_map_is_made_without_looking_for_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_for: list[str] = []
    monkeypatch.setattr(PathFinder, "find_spec", lambda name, *_where: looked_for.append(name))
    map_layers.deck([], map_layers.framing(pd.DataFrame({"geometry": [SQUARE]})))
    assert not [name for name in looked_for if name.startswith("pydeck")]


def test_points_are_described_in_words_a_browser_understands() -> None:
    counted = pd.Series([97]).iloc[0]  # a count as a query returns it
    layer = map_layers.report_points("map/points.json", counted, chosen="", dark=False)[0]
    described = json.loads(
        map_layers.deck([layer], map_layers.framing(pd.DataFrame({"geometry": [SQUARE]}))).to_json()
    )["layers"][0]
    assert described["stroked"] is True
    assert "True" not in json.dumps(described)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the content, decompressed if needed."""
        assert self.status == 200, self.body
        packed = self.headers.get("content-encoding") == "gzip"
        return json.loads(gzip.decompress(self.body) if packed else self.body)


def get(path: str, query: dict[str, str] | None = None, **headers: str) -> Answer:
    """Send requests to the routes as a server would."""
    sent: list[Any] = []

    async def ask() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        given = {"accept-encoding": "gzip"} | {name.replace("_", "-"): value for name, value in headers.items()}
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": urlencode(query or {}).encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "server": ("127.0.0.1", 80),
            "scheme": "http",
            "root_path": "",
        }
        await Starlette(routes=fonts.routes)(scope, receive, send)

    asyncio.run(ask())
    start, *parts = sent
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], found, b"".join(part.get("body", b"") for part in parts))


@pytest.fixture
def served(city: psycopg.Connection, database: str) -> Iterator[None]:
    report(city, 1, lon=105.85, lat=21.05, due_at=T - HOUR)
    report(city, 2, lon=105.95, lat=21.05, district_id=2, ward_id=12, unit_id=2)
    report(city, 3)
    with watch.watching(database):
        yield


AT = {"at": T.isoformat()}


@pytest.mark.usefixtures("served")
def test_a_route_serves_compressed_data_with_an_etag() -> None:
    answer = get("/map/points.json", AT | {"lang": "en"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json() == [
        [10595000, 2105000, 2, 1, 0, "No deadline known · Waste"],
        [10585000, 2105000, 1, 3, 0, "Overdue · Waste"],
    ]
    again = get("/map/points.json", AT | {"lang": "en"}, if_none_match=answer.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    plain = get("/map/points.json", AT | {"lang": "en"}, accept_encoding="identity")
    assert plain.json() == answer.json()
    assert "content-encoding" not in plain.headers


@pytest.mark.usefixtures("served")
def test_more_points_than_can_be_drawn_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queries.places.map.MOST_POINTS", 1)
    answer = get("/map/points.json", AT)
    assert (answer.status, answer.body[:25]) == (400, b"Too many open reports for")


@pytest.mark.usefixtures("served")
def test_addresses_follow_the_filters() -> None:
    chosen = AT | {"district": "017", "lang": "en"}
    assert [row[2] for row in get("/map/points.json", chosen).json()] == [2]
    assert len(get("/map/shapes/district.json", chosen).json()["features"]) == 1
    assert [row[3] for row in get("/map/squares.json", chosen | {"count": "open"}).json()] == ["1 report"]
    assert get("/map/arrivals.json", chosen).json() == []
    assert {row[2] for row in get("/map/labels/district.json", {"lang": "en"}).json()} == {"Dong Da", "Dong Anh"}
    areas = get("/map/areas/district.geojson", AT | {"measure": "backlog"}).json()
    assert [area["properties"]["raw"] for area in areas["features"]] == ["2", "1"]
    assert get("/map/areas/ward.geojson", AT).json()["features"] == []  # no ward has a geometry


def test_a_city_without_boundaries_has_empty_layers(
    connection: psycopg.Connection, database: str, reports: ReportDatabase
) -> None:
    small_city(connection)
    report(connection, 1)
    assert map_data.geometries(reports.ask("areas", level="ward")).empty
    with watch.watching(database):
        for path in ("shapes/district.json", "areas/ward.geojson"):
            assert get(f"/map/{path}", AT).json()["features"] == []
        for path in ("labels/ward.json", "points.json", "arrivals.json", "squares.json"):
            assert get(f"/map/{path}", AT).json() == []


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("path", "query", "status", "words"),
    [
        ("/map/areas/street.geojson", {}, 404, "No such level"),
        ("/map/areas/district.geojson", {"measure": "<script>"}, 400, "measure must be one of overdue"),
        ("/map/points.json", {"at": "yesterday"}, 400, "Not understood: yesterday"),
        ("/map/points.json", {"district": "' or 1=1"}, 400, "Not understood"),
        ("/map/points.json", {"lang": "xx"}, 400, "lang must be one of vi, en"),
        ("/map/squares.json", {"count": "secrets"}, 400, "count must be one of"),
        ("/map/labels/ward.json", {"zoom": "nan"}, 400, "zoom must be one number from 0 to 24."),
        ("/map/labels/ward.json", {"zoom": "near"}, 400, "zoom must be one number"),
        ("/map/labels/ward.json", {"size": "1e9"}, 400, "size must be one number from 5 to 100."),
        ("/fonts/passwd", {}, 404, "No such font"),
    ],
)
def test_invalid_requests_are_refused_with_a_message(path: str, query: dict[str, str], status: int, words: str) -> None:
    answer = get(path, query)
    assert answer.status == status
    assert words in answer.body.decode()
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.usefixtures("served")
def test_during_an_outage_the_route_answers_503_and_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise DatabaseAway("connection refused")

    monkeypatch.setattr(watch.watcher().reports, "ask", away)
    answer = get("/map/points.json", AT | {"lang": "vi"})
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
