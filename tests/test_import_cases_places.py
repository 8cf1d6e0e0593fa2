"""Files in the manner of real cities' exports: how they write their places."""

import math
from pathlib import Path

import psycopg
import pytest

from reportdb.check import find_damage
from reportdb.importer import ImportFailure
from reportdb.mapping.mapping_file import read_mapping
from reportdb.mapping.places import Location
from reportdb.rows.degrees import number
from reportdb.rows.points import inside, interpret_pair
from reportdb.rows.row import ReportRow
from tests.case_files import Case, rows, with_point
from tests.import_sample import AGAIN, CLOSED, GOOD, SampleCity

BOSTON = (-71.2, 42.2, -70.9, 42.4)


@pytest.fixture
def city(tmp_path: Path) -> SampleCity:
    return SampleCity(tmp_path)


def test_decimal_commas_are_read(tmp_path: Path) -> None:
    read = Case("14-decimal-comma", tmp_path).read()
    assert [(row.lon, row.lat, row.place) for row in read if isinstance(row, ReportRow)] == [
        (4.8952, 52.3702, "located"),
        (4.9, 52.371, "located"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        (),
        (('lon = "point"\nlat = "point"', ""), ("[times]", '[location]\ncolumn = "point"\nform = "lat, lon"\n[times]')),
    ],
    ids=["one column named twice", "location.column"],
)
def test_a_point_may_stand_in_one_column(tmp_path: Path, changes: tuple[tuple[str, str], ...]) -> None:
    read = Case("15-point-in-one-column", tmp_path, *changes).read()
    assert [(row.lon, row.lat) for row in read if isinstance(row, ReportRow)] == [(-122.41, 37.77), (-122.42, 37.78)]


def test_exchanged_columns_are_found_by_what_would_lie_in_the_city(tmp_path: Path) -> None:
    case = Case("29-swapped-columns", tmp_path)
    location = read_mapping(str(case.mapping)).location
    points = [row.written_point for row in case.read() if isinstance(row, ReportRow) and row.written_point]
    assert inside(points, BOSTON, location) == 0
    # The others stand on the point that means "not located".
    assert inside(points, BOSTON, location, exchanged=True) == 81
    right = [(y, x) for x, y in points]
    assert inside(right, BOSTON, location) == 81
    assert inside(right, BOSTON, location, exchanged=True) == 0


def test_exchanged_columns_are_found_where_latitudes_cannot_be_so_high(city: SampleCity) -> None:
    row = with_point(city, "21.03", "105.85")
    assert (row.lon, row.place, row.written_point) == (None, "not degrees", (21.03, 105.85))
    location = read_mapping(str(city.mapping)).location
    assert inside([(21.03, 105.85)], (105.0, 20.0, 106.0, 22.0), location, exchanged=True) == 1


@pytest.mark.parametrize(
    ("lon", "lat", "place"),
    [
        ("-71.5", "42.5", "located"),
        ("-71,5", "42,5", "located"),
        ("", "", "no point"),
        ("west", "42.5", "no point"),
        ("-71.25", "42.25", "nowhere"),
        ("0", "0.0", "nowhere"),
        ("-71.5", "-91", "not degrees"),
        ("7912345", "5212345", "not degrees"),
    ],
)
def test_a_row_says_why_it_has_no_point(city: SampleCity, lon: str, lat: str, place: str) -> None:
    row = with_point(city, lon, lat)
    assert row.place == place
    assert (row.lon is not None) == (row.lat is not None) == (place == "located")


@pytest.mark.parametrize(
    ("epsg", "x", "y", "lon", "lat"),
    [
        # The origins that the systems are defined by, in US survey feet: Massachusetts and Long Island.
        (2249, "656,166.667", "2460625.0", -71.5, 41.0),
        (2263, "984250", "0", -74.0, 40 + 10 / 60),
        (3857, "5009377.0857", "5621521.4862", 45.0, 45.0),
    ],
)
def test_projected_coordinates_become_degrees(
    city: SampleCity, epsg: int, x: str, y: str, lon: float, lat: float
) -> None:
    city.remap(("tolerance = 0.001", f"epsg = {epsg}"))
    row = with_point(city, x, y)
    assert row.lon == pytest.approx(lon, abs=2e-5)
    assert row.lat == pytest.approx(lat, abs=2e-5)
    assert row.written_point == (float(x.replace(",", "")), float(y))


@pytest.mark.parametrize(
    ("epsg", "meridian", "scale"), [(3405, 105, 0.9996), (5897, 105, 0.9999), (9213, 106.5, 0.9999)]
)
def test_vn_2000_is_moved_by_the_published_parameters(
    city: SampleCity, epsg: int, meridian: float, scale: float
) -> None:
    city.remap(("tolerance = 0.001", f"epsg = {epsg}"))
    row = with_point(city, "500000", f"{scale * meridian_arc(21.0):.3f}")
    # Moved by dX = -191.904 m, dY = -39.303 m, dZ = -111.450 m; the rotations amount to less than a metre.
    lon, lat = math.radians(meridian), math.radians(21.0)
    east = 191.904 * math.sin(lon) - 39.303 * math.cos(lon)
    north = math.sin(lat) * (191.904 * math.cos(lon) + 39.303 * math.sin(lon)) - 111.450 * math.cos(lat)
    assert row.lon == pytest.approx(meridian + east / (111_320 * math.cos(lat)), abs=2e-5)
    assert row.lat == pytest.approx(21.0 + north / 110_720, abs=2e-5)
    lost = with_point(city, f"{scale * meridian_arc(21.0):.3f}", "500000")
    location = read_mapping(str(city.mapping)).location
    assert lost.written_point is not None
    box = (meridian - 1, 20.5, meridian + 1, 21.5)
    assert inside([lost.written_point], box, location) == 0
    assert inside([lost.written_point], box, location, exchanged=True) == 1


def meridian_arc(degrees: float) -> float:
    """Return the metres from the equator along a meridian of the ellipsoid WGS 84."""
    phi, e2 = math.radians(degrees), 0.00669437999014
    terms = (
        (1 - e2 / 4 - 3 * e2**2 / 64 - 5 * e2**3 / 256) * phi,
        -(3 * e2 / 8 + 3 * e2**2 / 32 + 45 * e2**3 / 1024) * math.sin(2 * phi),
        (15 * e2**2 / 256 + 45 * e2**3 / 1024) * math.sin(4 * phi),
        -(35 * e2**3 / 3072) * math.sin(6 * phi),
    )
    return 6_378_137 * sum(terms)


@pytest.mark.parametrize(
    "words",
    [
        "(21.5, 105.25)",
        "21.5,105.25",
        "21.5 105.25",
        "21,5; 105,25",
        "21,5 105,25",
        "21,5, 105,25",
        "21,5,105,25",
        "12 Tràng Tiền, Hà Nội (21.5, 105.25)",
        "POINT(105.25 21.5)",
        "SRID=4326;Point Z (105.25 21.5 12)",
        '{"type": "Point", "coordinates": [105.25, 21.5]}',
        '{"type":"Feature","geometry":{"type":"Point","coordinates":[105.25,21.5]}}',
        "{'latitude': '21.5', 'longitude': '105.25', 'human_address': '{\"address\": \"\"}'}",
        '{"longitude": 105.25, "latitude": 21.5}',
        '{"x": 105.25, "y": 21.5}',
        "21°30'N, 105°15'E",
        "21°30′00″N 105°15′0″E",
        "N 21.5, E 105.25",
        "21°30'B, 105°15'Đ",
    ],
)
def test_a_point_is_read_however_it_is_written(words: str) -> None:
    location = Location(None, None, (), 0.00001, column="point", form="lat, lon")
    assert interpret_pair(words, location) == (105.25, 21.5)


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ("", "lat, lon"),
        ("(21.5)", "lat, lon"),
        ("somewhere, else", "lat, lon"),
        ("1, 2, 3", "lat, lon"),
        ("105°15'E, 21°30'N", "lat, lon"),
        ("21.5, 105.25", "wkt"),
        ("POINT EMPTY", "wkt"),
        ("LINESTRING (1 2, 3 4)", "wkt"),
        ('{"coordinates": null}', "geojson"),
        ("9" * 100_000 + ", 1", "lat, lon"),
        ("POINT" + " " * 100_000 + "(", "lat, lon"),
    ],
)
def test_what_is_no_point_is_none(words: str, form: str) -> None:
    assert interpret_pair(words, Location(None, None, (), 0.00001, column="point", form=form)) is None


@pytest.mark.parametrize(
    ("words", "decimal", "value"),
    [
        ("52,3702", None, 52.3702),
        ("-71.5", None, -71.5),
        ("\u221271,5", None, -71.5),
        ("2.325.647,5", None, 2325647.5),
        ("2,325,647.5", None, 2325647.5),
        ("2,325,647", None, 2325647.0),
        ("2 325 647,5", None, 2325647.5),
        ("588,567", None, 588.567),
        ("588,567", ".", 588567.0),
        ("588.567", ",", 588567.0),
        ("52,37", ".", None),
        ("52.37", ",", None),
        ("1.05E2", None, 105.0),
        ("21°02'30\"N", None, 21 + 2 / 60 + 30 / 3600),
        ("73 W", None, -73.0),
        ("21°61'N", None, None),
        ("-21°S", None, None),
        ("1.2.3", None, None),
        ("nan", None, None),
        ("9" * 100_000 + "x", None, None),
        ("9" * 30 + "x", None, None),
        ("inf", None, None),
        ("1e999", None, None),
        ("", None, None),
        ("°", None, None),
    ],
)
def test_a_coordinate_is_read_or_none(words: str, decimal: str | None, value: float | None) -> None:
    assert number(words, decimal) == (None if value is None else pytest.approx(value, abs=1e-9))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('lat = "lat"', "", "columns.lat is missing beside the other"),
        ("tolerance = 0.001", "epsg = 1", "location.epsg is no code of a coordinate system"),
        ("tolerance = 0.001", 'form = "wkt"', "location.form is for a whole point in one column"),
        ("tolerance = 0.001", 'column = "place"', "location.column holds the whole point"),
        ("tolerance = 0.001", 'decimal = ";"', "location.decimal must be one of"),
    ],
)
def test_a_wrong_place_of_a_mapping_is_refused(city: SampleCity, before: str, after: str, message: str) -> None:
    city.remap((before, after))
    with pytest.raises(ImportFailure, match=message):
        read_mapping(str(city.mapping))


def test_a_file_without_points_is_imported_by_its_areas(connection: psycopg.Connection, city: SampleCity) -> None:
    city.remap(('lon = "lon"\nlat = "lat"', ""))
    counts = city.load(connection, GOOD, CLOSED.replace("West", "Moon"))
    assert (counts.new, counts.not_located, counts.by_source) == (2, 1, 1)
    assert rows(
        connection,
        """select source_ref, area.code, unit.code, category.code from report
           left join area on area.id = district_id join unit on unit.id = unit_id
           join category on category.id = category_id order by 1""",
    ) == [("sample:7", "West", "parks", "trees"), ("sample:8", None, "parks", "roads")]


def test_a_file_without_points_leaves_known_points_alone(connection: psycopg.Connection, city: SampleCity) -> None:
    nowhere = GOOD.replace("7,", "9,", 1).replace("-71.5,42.5", ",")
    city.load(connection, GOOD, CLOSED, nowhere)
    before = rows(connection, "select id, lon, lat, district_id from report order by id")
    city.remap(('lon = "lon"\nlat = "lat"', ""))
    assert city.load(connection, GOOD, CLOSED, nowhere, at=AGAIN).unchanged == 3
    assert rows(connection, "select id, lon, lat, district_id from report order by id") == before
    assert find_damage(connection, AGAIN) == []
