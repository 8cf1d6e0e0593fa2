"""Boundary files are read, or refused with a message; every point is in at most one area, always the same."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from reportdb.areas import Locator, load_areas
from reportdb.boundary_file import AreasError

JAN = datetime(2026, 1, 1, tzinfo=UTC)


def square(west: float, south: float, side: float = 1) -> dict[str, Any]:
    ring = [[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(code: object, geometry: object, **properties: object) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"code": code, "name_vi": f"Khu {code}"} | properties,
        "geometry": geometry,
    }


@pytest.fixture
def boundary_file(tmp_path: Path) -> Any:
    def write(*features: object, **more: object) -> Path:
        file = tmp_path / "areas.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": features} | more), encoding="utf-8")
        return file

    return write


def load(connection: psycopg.Connection, file: Path, level: Any = "district", **how: Any) -> Any:
    return load_areas(connection, file, level=level, **({"code": "code", "name": "name_vi", "attribution": "us"} | how))


def add_report(connection: psycopg.Connection, number: int, lon: float | None, lat: float | None) -> None:
    connection.execute("insert into channel values (1, 'app', 'a', 'a') on conflict do nothing")
    connection.execute("insert into category values (1, 'tree', 'a', 'a', 'normal') on conflict do nothing")
    connection.execute(
        """insert into report (id, public_code, channel_id, category_id, severity, lon, lat, title, submitted_at,
               status, updated_at)
           values (%s, %s, 1, 1, 'normal', %s, %s, 't', %s, 'waiting', %s)""",
        [number, str(number), lon, lat, JAN, JAN],
    )


def test_a_point_on_a_shared_border_lies_in_the_area_with_the_lowest_id(
    connection: psycopg.Connection, boundary_file: Any
) -> None:
    load(connection, boundary_file(feature("b", square(106, 21)), feature("a", square(105, 21))))
    ids: dict[str, int] = dict(connection.execute("select code, id from area").fetchall())
    district, ward = Locator(connection).locate(np.array([106.0, 105.5, 106.5]), np.array([21.5, 21.5, 21.5]))
    assert district.tolist() == [min(ids.values()), ids["a"], ids["b"]]
    assert ward.tolist() == [0, 0, 0]


def test_a_point_outside_or_without_coordinates_lies_nowhere(
    connection: psycopg.Connection, boundary_file: Any
) -> None:
    load(connection, boundary_file(feature("a", square(105, 21))))
    district, _ = Locator(connection).locate(np.array([120.0, np.nan, 105.5]), np.array([21.5, 21.5, np.nan]))
    assert district.tolist() == [0, 0, 0]


def test_without_boundaries_nothing_is_located(connection: psycopg.Connection) -> None:
    district, ward = Locator(connection).locate(np.array([105.0]), np.array([21.0]))
    assert (district.tolist(), ward.tolist()) == ([0], [0])
    district, _ = Locator(connection).locate(np.array([]), np.array([]))
    assert district.tolist() == []


def test_a_hole_belongs_to_the_area_that_fills_it(connection: psycopg.Connection, boundary_file: Any) -> None:
    ring = square(105, 21, 3)
    ring["coordinates"] += square(106, 22)["coordinates"]
    load(connection, boundary_file(feature("ring", ring), feature("core", square(106, 22))))
    ids: dict[str, int] = dict(connection.execute("select code, id from area").fetchall())
    district, _ = Locator(connection).locate(np.array([106.5, 105.5]), np.array([22.5, 21.5]))
    assert district.tolist() == [ids["core"], ids["ring"]]


def test_known_codes_keep_their_id_and_name_and_lose_the_schematic_mark(
    connection: psycopg.Connection, boundary_file: Any
) -> None:
    connection.execute(
        """insert into area (id, level, code, name_vi, name_en, kind, geometry, schematic, lon, lat)
           values (7, 'district', 'a', 'Ba Đình', 'Ba Dinh', 'quan', '{}', true, 105.8, 21.03)"""
    )
    loaded = load(connection, boundary_file(feature("a", square(105, 21)), feature("b", square(106, 21), kind="huyen")))
    assert (loaded.updated, loaded.added, loaded.moved) == (1, 1, 0)
    assert connection.execute(
        "select id, code, name_vi, kind, schematic, attribution, lon from area order by id"
    ).fetchall() == [
        (7, "a", "Ba Đình", "quan", False, "us", 105.8),
        (8, "b", "Khu b", "huyen", False, "us", 106.5),
    ]


def test_reports_are_located_again_and_only_those_that_moved_are_updated(
    connection: psycopg.Connection, boundary_file: Any
) -> None:
    load(connection, boundary_file(feature("a", square(105, 21)), feature("b", square(106, 21))))
    add_report(connection, 1, 105.5, 21.5)
    add_report(connection, 2, 106.5, 21.5)
    add_report(connection, 3, None, None)
    connection.execute(
        """insert into report_past (report_id, valid_from, valid_to, channel_id, category_id, severity, submitted_at,
               status, reopen_count, transfer_count)
           values (2, '2026-01-01', '2026-01-02', 1, 1, 'normal', '2026-01-01', 'waiting', 0, 0)"""
    )
    assert load(connection, boundary_file(feature("b", square(106, 21)))).moved == 2
    (b,) = connection.execute("select id from area where code = 'b'").fetchone() or ()
    assert connection.execute("select district_id from report_past").fetchone() == (b,)
    assert load(connection, boundary_file(feature("a", square(110, 21)))).moved == 1
    assert connection.execute("select id, district_id, ward_id, updated_at > %s from report", [JAN]).fetchall() == [
        (3, None, None, False),
        (2, b, None, True),
        (1, None, None, True),
    ]


def test_wards_and_districts_are_separate_layers(connection: psycopg.Connection, boundary_file: Any) -> None:
    load(connection, boundary_file(feature("a", square(105, 21))), level="district")
    load(connection, boundary_file(feature("a", square(105, 21, 0.5))), level="ward")
    district, ward = Locator(connection).locate(np.array([105.2, 105.8]), np.array([21.2, 21.8]))
    assert (district > 0).tolist() == [True, True]
    assert (ward > 0).tolist() == [True, False]


def test_an_invalid_polygon_is_repaired(connection: psycopg.Connection, boundary_file: Any) -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[[105, 21], [106, 22], [106, 21], [105, 22], [105, 21]]]}
    assert load(connection, boundary_file(feature("a", bow_tie))).added == 1
    district, _ = Locator(connection).locate(np.array([105.1, 105.5]), np.array([21.5, 21.1]))
    assert (district > 0).tolist() == [True, False]


@pytest.mark.parametrize(
    ("features", "how", "words"),
    [
        ([feature("a", square(105, 21))], {"code": "ma"}, r"no property 'ma'. Its properties: code, name_vi"),
        ([feature("a", square(585000, 2320000))], {}, r"feature 1 \(Khu a\) is not in WGS 84"),
        ([feature("a", {"type": "Point", "coordinates": [105, 21]})], {}, "is not a polygon but Point"),
        ([feature("a", None)], {}, "is not a polygon but without geometry"),
        ([feature("a", {"type": "Polygon", "coordinates": [[105, 21]]})], {}, "cannot be read"),
        ([feature("a", {"type": "Polygon", "coordinates": []})], {}, "has no coordinates"),
        ([feature(None, square(105, 21))], {}, "'code' of feature 1 is blank"),
        ([feature("a", square(105, 21)), feature("a", square(106, 21))], {}, "features 1 and 2 have the same code 'a'"),
        (["nonsense"], {}, "feature 1 has no properties"),
        ([], {}, "holds no features"),
        (
            [feature("a", {"type": "Polygon", "coordinates": [[[105, 21], [106, 21], [105, 21]] * 2]})],
            {},
            "cannot be repaired",
        ),
    ],
)
def test_an_unusable_file_is_refused_with_a_message(
    connection: psycopg.Connection, boundary_file: Any, features: list[object], how: dict[str, str], words: str
) -> None:
    with pytest.raises(AreasError, match=words):
        load(connection, boundary_file(*features), **how)
    assert connection.execute("select count(*) from area").fetchone() == (0,)


def test_another_reference_system_is_refused(connection: psycopg.Connection, boundary_file: Any) -> None:
    file = boundary_file(feature("a", square(1, 1)), crs={"properties": {"name": "urn:ogc:def:crs:EPSG::3405"}})
    with pytest.raises(AreasError, match="not in WGS 84 but says"):
        load(connection, file)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"code;name", "is not JSON"),
        (b"\xff\xfe", "is not UTF-8"),
        (b'{"type": "Feature"}', "FeatureCollection but 'Feature'"),
        (b"[1]", "FeatureCollection but 'list'"),
    ],
)
def test_a_file_that_is_not_geojson_is_refused(
    connection: psycopg.Connection, tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "areas.geojson"
    file.write_bytes(content)
    with pytest.raises(AreasError, match=words):
        load(connection, file)


def test_a_missing_file_is_named(connection: psycopg.Connection, tmp_path: Path) -> None:
    with pytest.raises(AreasError, match=r"nowhere.geojson cannot be read: No such file"):
        load(connection, tmp_path / "nowhere.geojson")


@pytest.mark.real_data
def test_hanois_districts_and_communes_load_and_locate_each_others_points(
    connection: psycopg.Connection, cities: Path
) -> None:
    hanoi = cities.parent / "hanoi"
    districts = hanoi / "hanoi_districts_pre2025.geojson"
    assert load(connection, districts).added == 30
    assert load(connection, hanoi / "hanoi_communes_2025.geojson", level="ward").added == 126
    inside = {f["properties"]["code"]: f["properties"] for f in json.loads(districts.read_text())["features"]}
    lon, lat = (np.array([place[f"label_{axis}"] for place in inside.values()]) for axis in ("lon", "lat"))
    codes: dict[int, str] = dict(connection.execute("select id, code from area where level = 'district'").fetchall())
    located = Locator(connection).locate(lon, lat)
    assert [codes[found] for found in located[0].tolist()] == list(inside)
    assert (located[1] > 0).all()
