"""Areas by the source's own names: for a city without boundaries, and for reports without a point."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reportdb.areas import load_areas
from reportdb.check import find_damage
from reportdb.importer import ImportFailure
from tests.import_sample import AGAIN, GOOD, IMPORTED, MAPPING, SampleCity

BOUNDARIES = MAPPING[MAPPING.index("[[boundaries]]") :]
NOWHERE = GOOD.replace("7,", "9,", 1).replace("-71.5,42.5", ",")
OUTSIDE = GOOD.replace("7,", "10,", 1).replace("-71.5,42.5", "-72.2,42.5")
PLACED = """select source_ref, area.name_en, district_from_source
            from report join report_source on report_id = report.id left join area on area.id = district_id
            order by report.id"""


@pytest.fixture
def city(tmp_path: Path) -> SampleCity:
    return SampleCity(tmp_path)


@pytest.fixture
def plain_city(city: SampleCity) -> SampleCity:
    """Return the sample city without boundaries."""
    city.remap((BOUNDARIES, ""))
    return city


def rows(connection: psycopg.Connection, question: str) -> list[tuple[Any, ...]]:
    return connection.execute(question.encode()).fetchall()


def test_the_sources_name_locates_a_report_without_a_point_or_outside(
    connection: psycopg.Connection, city: SampleCity
) -> None:
    counts = city.load(connection, GOOD, NOWHERE, OUTSIDE)
    assert (counts.not_located, counts.by_source) == (0, 2)
    assert rows(connection, PLACED) == [
        ("sample:10", "West", True),
        ("sample:7", "West", False),
        ("sample:9", "West", True),
    ]
    assert find_damage(connection, IMPORTED) == []


def test_a_point_overrides_the_sources_name(connection: psycopg.Connection, city: SampleCity) -> None:
    city.load(connection, GOOD.replace("West", "East"))
    assert rows(connection, PLACED) == [("sample:7", "West", False)]


def test_an_unknown_name_creates_no_area_on_a_level_with_boundaries(
    connection: psycopg.Connection, city: SampleCity
) -> None:
    assert city.load(connection, NOWHERE.replace("West", "Moon")).not_located == 1
    assert rows(connection, "select name_en from area order by 1") == [("East",), ("West",)]


def test_an_alias_of_the_source_for_an_area_locates_too(connection: psycopg.Connection, city: SampleCity) -> None:
    city.load(connection, NOWHERE.replace("West", "Sunset"))
    assert rows(connection, PLACED) == [("sample:9", "West", True)]


def test_without_boundaries_the_sources_names_are_the_areas(
    connection: psycopg.Connection, plain_city: SampleCity
) -> None:
    decomposed, composed = "\u0110o\u0302\u0301ng  \u0110a", "\u0110\u1ed1ng \u0111a"
    counts = plain_city.load(
        connection,
        GOOD,
        NOWHERE.replace("West", "WEST"),
        OUTSIDE.replace("West", decomposed),
        GOOD.replace("7,", "11,", 1).replace("West", composed),
        GOOD.replace("7,", "12,", 1).replace("West", "?"),
    )
    assert (counts.not_located, counts.by_source) == (1, 4)
    assert [code for (code,) in rows(connection, "select code from area order by id")] == [
        "west",
        "\u0111\u1ed1ng \u0111a",
    ]
    assert rows(connection, "select count(distinct district_id), count(district_id) from report") == [(2, 4)]
    assert find_damage(connection, IMPORTED) == []


def test_a_second_import_creates_no_area_twice_and_changes_nothing(
    connection: psycopg.Connection, plain_city: SampleCity
) -> None:
    plain_city.load(connection, GOOD, NOWHERE)
    assert plain_city.load(connection, NOWHERE, GOOD, at=AGAIN).unchanged == 2
    assert rows(connection, "select count(*) from area") == [(1,)]


def test_an_areas_name_is_framed_as_the_mapping_says(connection: psycopg.Connection, city: SampleCity) -> None:
    city.remap(
        (BOUNDARIES, ""),
        ('compare = "district"\n', 'named_vi = "Khu {}"\nnamed_en = "Side {}"\n'),
    )
    city.load(connection, GOOD)
    assert rows(connection, "select level, code, name_vi, name_en, kind, geometry from area") == [
        ("district", "west", "Khu West", "Side West", "district", None)
    ]


def test_boundaries_loaded_later_take_the_areas_over(connection: psycopg.Connection, plain_city: SampleCity) -> None:
    plain_city.load(connection, GOOD.replace("West", "east"), NOWHERE.replace("West", "WEST"), OUTSIDE)
    before = dict(rows(connection, "select code, id from area"))
    loaded = load_areas(
        connection,
        plain_city.folder / "districts.geojson",
        level="district",
        code="name",
        name="name",
        attribution=None,
    )
    assert (loaded.updated, loaded.added, loaded.moved) == (2, 0, 1), "the one whose word says east lies in the west"
    assert dict(rows(connection, "select code, id from area where geometry is not null")) == {
        "East": before["east"],
        "West": before["west"],
    }
    assert rows(connection, PLACED) == [
        ("sample:10", "West", True),
        ("sample:7", "West", False),
        ("sample:9", "West", True),
    ]
    assert find_damage(connection, datetime.now(UTC)) == []
    assert plain_city.load(connection, NOWHERE.replace("West", "west"), at=AGAIN).by_source == 1
    assert rows(connection, "select count(*) from area") == [(2,)]


def test_a_column_of_other_things_is_refused(connection: psycopg.Connection, plain_city: SampleCity) -> None:
    many = [GOOD.replace("7,", f"{n},", 1).replace("West", f"Street {n}") for n in range(1_001)]
    with pytest.raises(ImportFailure, match="more than 1000 different words"):
        plain_city.load(connection, *many)


def test_a_point_in_an_area_marked_as_named_is_damage(connection: psycopg.Connection, city: SampleCity) -> None:
    city.load(connection, GOOD)
    connection.execute("update report_source set district_from_source = true")
    assert "district_id" in {found.column for found in find_damage(connection, IMPORTED)}


def test_the_mapping_names_the_levels_the_languages_and_the_hours(
    connection: psycopg.Connection, city: SampleCity
) -> None:
    city.remap(
        ('subdivision = "MA"', 'subdivision = "MA"\nlanguages = ["en"]\nswapped_days = true'),
        (
            "[source]",
            """[levels]
            district = { vi = "bên", en = "side" }
            ward = { vi = "hẻm", en = "alley", en_many = "alleys!" }
            [working_hours]
            hours = ["09:00-12:30", "13:00-17:30"]
            source = "City Hall"
            confirmed = true
            [source]""",
        ),
    )
    city.load(connection, GOOD)
    assert rows(connection, "select languages, swapped_days from city") == [(["en"], True)]
    assert rows(connection, "select * from level_name order by 1") == [
        ("district", "bên", "bên", "side", "sides"),
        ("ward", "hẻm", "hẻm", "alley", "alleys!"),
    ]
    hours = "select valid_from::text, opens::text, closes::text, source, confirmed from office_hours order by opens"
    assert rows(connection, hours) == [
        ("1900-01-01", "09:00:00", "12:30:00", "City Hall", True),
        ("1900-01-01", "13:00:00", "17:30:00", "City Hall", True),
    ]
    city.remap(("[source]", '[working_hours]\nhours = ["08:00-16:00"]\nsource = "City Hall"\n[source]'))
    city.load(connection, GOOD)
    assert [row[1:] for row in rows(connection, hours)] == [("08:00:00", "16:00:00", "City Hall", False)]
    assert rows(connection, "select languages from city") == [(["en"],)], "attributes the mapping leaves out are kept"


def test_a_city_without_these_settings_gets_its_countrys_defaults(
    connection: psycopg.Connection, city: SampleCity
) -> None:
    city.load(connection, GOOD)
    assert rows(connection, "select languages, swapped_days from city") == [(["en", "vi"], False)]
    assert rows(connection, "select count(*) from level_name") == [(0,)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ('languages = ["fr"]', "languages must be some of vi, en"),
        ("languages = []", "languages must be some of vi, en"),
        ('swapped_days = "no"', "swapped_days must be true or false"),
        ('[levels]\nstreet = { vi = "a", en = "b" }', "street is not a level"),
        ('[working_hours]\nsource = "x"', "hours is missing"),
        ('[working_hours]\nsource = "x"\nhours = ["8 to 5"]', "must be spans such as"),
        ('[working_hours]\nsource = "x"\nhours = ["17:00-08:00"]', "must follow each other"),
        ('[working_hours]\nsource = "x"\nhours = ["08:00-12:00", "11:00-13:00"]', "must follow each other"),
        ('[working_hours]\nhours = ["08:00-12:00"]', "source is missing"),
    ],
)
def test_invalid_settings_are_refused_by_name(
    connection: psycopg.Connection, city: SampleCity, words: str, message: str
) -> None:
    city.remap(('subdivision = "MA"', f'subdivision = "MA"\n{words}'))
    with pytest.raises(ImportFailure, match=message):
        city.load(connection, GOOD)


def test_a_boundary_takes_over_one_area_only(connection: psycopg.Connection, plain_city: SampleCity) -> None:
    plain_city.load(connection, GOOD)
    file = plain_city.folder / "twice.geojson"
    ring = [[-72, 42], [-71, 42], [-71, 43], [-72, 43], [-72, 42]]
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": "West"},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for code in ("1", "2")
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    loaded = load_areas(connection, file, level="district", code="code", name="name", attribution=None)
    assert (loaded.updated, loaded.added) == (1, 1)
    assert [code for (code,) in rows(connection, "select code from area order by id")] == ["1", "2"]
