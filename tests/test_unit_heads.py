"""Heads of units: read from a file, shown on the days of their term."""

from pathlib import Path

import psycopg
import pytest

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.units.units import heads
from reportdb.unit_heads import UnitHeadsError, load_unit_heads
from tests.reports import DAY, T, small_city
from tests.test_figures import HANOI

HEADER = "unit,name,title_vi,title_en,valid_from,valid_to\n"
LANG = 1


def written(folder: Path, text: str, *, header: str = HEADER) -> Path:
    file = folder / "heads.csv"
    file.write_text(header + text, encoding="utf-8")
    return file


def named(reports: ReportDatabase, days: int = 0) -> dict[int, str]:
    found = heads(reports, Filters.of(at=T + days * DAY, zone=HANOI, scope=ALL_CASES))
    return {unit: head["name"] for unit, head in found.items()}


def test_a_head_is_named_from_the_first_day_to_the_last(
    connection: psycopg.Connection, reports: ReportDatabase, tmp_path: Path
) -> None:
    small_city(connection)
    file = written(tmp_path, "lang,An,Chủ tịch,Chair,2026-01-01,2026-11-18\nlang,Bình,Chủ tịch,Chair,2026-11-18,\n")
    assert load_unit_heads(connection, file) == 2
    assert named(reports, days=-1) == {LANG: "An"}
    assert named(reports) == {LANG: "Bình"}


def test_loading_again_replaces_the_heads_of_the_named_units_only(
    connection: psycopg.Connection, reports: ReportDatabase, tmp_path: Path
) -> None:
    small_city(connection)
    load_unit_heads(connection, written(tmp_path, "lang,An,Chủ tịch,,,\ndong-anh,Chi,Chủ tịch,,,\n"))
    load_unit_heads(connection, written(tmp_path, "lang,Bình,Chủ tịch,,,\n"))
    assert named(reports) == {LANG: "Bình", 2: "Chi"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nowhere,An,Chủ tịch,,,\n", "line 2: no unit has the code 'nowhere'"),
        ("lang, ,Chủ tịch,,,\n", "line 2: the name is missing"),
        ("lang,An,Chủ tịch,,01/02/2026,\n", "'01/02/2026' is not a date"),
        ("lang,An,Chủ tịch,,2026-02-01,2026-01-01\n", "is not after"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(
    connection: psycopg.Connection, tmp_path: Path, text: str, words: str
) -> None:
    small_city(connection)
    connection.execute("insert into unit_head values (1, 'An', 'Chủ tịch', 'Chair', null, null)")
    with pytest.raises(UnitHeadsError, match=words):
        load_unit_heads(connection, written(tmp_path, text))
    assert connection.execute("select name, valid_from from unit_head").fetchall() == [("An", None)]


def test_a_file_without_a_column_is_refused(connection: psycopg.Connection, tmp_path: Path) -> None:
    small_city(connection)
    with pytest.raises(UnitHeadsError, match="has no column valid_from, valid_to"):
        load_unit_heads(connection, written(tmp_path, "", header="unit,name,title_vi,title_en\n"))


def test_the_demo_city_has_heads_that_are_marked_as_invented(demo: str) -> None:
    with psycopg.connect(demo) as connection:
        row = connection.execute(
            """select count(*), count(*) filter (where unit_head.name not like '%%minh họa%%')
               from unit_head join unit on unit.id = unit_id where unit.valid_to is null"""
        ).fetchone()
        (units,) = connection.execute("select count(*) from unit where valid_to is null").fetchone() or (0,)
    assert row == (units, 0)
    assert units > 100
