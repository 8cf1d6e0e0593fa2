"""The dashboard's figures of real cities, compared with what the cities published."""

import csv
import gzip
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from queries.cases.cases import case_count, case_ids, case_rows
from queries.cases.report import report
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.figures.figures import TABLED, city, figures
from queries.figures.published import CROSSED, FLAGS, Kind, crossed, flags, kinds, published_words
from tests.imported import FILES, Imported
from ui.base.i18n import speaking
from ui.base.run import Run
from ui.cases import worklist
from ui.figures import published, published_case

pytestmark = pytest.mark.real_data


def figures_of(imported: Imported, at: str, by: Any = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the figures at a moment of the city's own time, and the published flags with ours."""
    with closing(ReportDatabase(imported.url)) as reports:
        zone = city(reports, datetime.now(UTC)).zone
        filters = Filters.of(at=datetime.fromisoformat(at).replace(tzinfo=zone), zone=zone)
        return figures(reports, filters, by=by), crossed(flags(reports, filters))


def test_bostons_late_are_the_citys_overdue_and_its_blanks(boston: Imported) -> None:
    table, told = figures_of(boston, "2019-11-01T00:00")
    row = table.iloc[0]
    assert row["received"] == 58_251
    assert (row["resolved_late"], row["overdue"]) == (8_230, 3_449)
    assert row["resolved_late"] + row["overdue"] == 11_521 + 158
    assert told.loc["late"].to_dict() == {"late": 11_521, "in_time": 0, "no_deadline": 0}
    assert told.loc["unsaid"].to_dict() == {"late": 158, "in_time": 0, "no_deadline": 0}
    assert told.loc["in_time"].sum() == 46_572
    assert told.loc["in_time", "late"] == 0


def test_washingtons_open_and_overdue_add_up_by_ward(washington: Imported) -> None:
    table, _flags = figures_of(washington, "2016-08-16T10:20")
    assert table[["received", "open", "overdue"]].iloc[0].to_list() == [22_576, 6_809, 1_436]
    wards, _flags = figures_of(washington, "2016-08-16T10:20", by="ward")
    assert wards["code"].to_list() == list("12345678")
    assert wards[["received", "open", "overdue"]].sum().to_list() == [22_576, 6_809, 1_436]


def test_kansas_citys_flags_stand_beside_reports_without_a_deadline(kansas_city: Imported) -> None:
    table, told = figures_of(kansas_city, "2021-01-01T00:00")
    assert (table.iloc[0]["open"], table.iloc[0]["no_deadline"], table.iloc[0]["overdue"]) == (1_403, 1_403, 0)
    assert told["no_deadline"].to_dict() == {"late": 24_120, "unsaid": 3, "in_time": 56_080}
    units, _flags = figures_of(kansas_city, "2021-01-01T00:00", by="unit")
    assert units["name_en"].str.contains("Park").sum() == 1


@pytest.mark.parametrize("by", ["district", "ward", "unit", "category", "channel"])
def test_rows_add_up_to_the_whole(boston: Imported, by: str) -> None:
    whole, _flags = figures_of(boston, "2012-01-01T00:00")
    rows, _flags = figures_of(boston, "2012-01-01T00:00", by=by)
    counts = list(TABLED)
    assert rows[counts].sum().to_dict() == whole[counts].iloc[0].to_dict()


def test_a_past_moment_has_the_same_answer_twice(boston: Imported) -> None:
    first, _flags = figures_of(boston, "2011-10-01T08:00", by="unit")
    again, _flags = figures_of(boston, "2011-10-01T08:00", by="unit")
    pd.testing.assert_frame_equal(first, again)


def file_of(cities: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a city's published file."""
    with gzip.open(cities / FILES[name], "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def viewing(reports: ReportDatabase, at: str, **choices: Any) -> Run:
    """Return a run over all of a city's reports at a moment of its own time."""
    known = city(reports, datetime.now(UTC))
    moment = datetime.fromisoformat(at).replace(tzinfo=known.zone)
    filters = Filters.of(at=moment, zone=known.zone, scope=ALL_CASES, **choices)
    return Run(reports, known, filters, live=False, query={"lang": ["en"]}, page="overdue")


def told_of(
    reports: ReportDatabase, run: Run, identity: str
) -> tuple[published_case.CityOnCase, published_case.OfCase]:
    """Return how the case's page and the list show one report in the city's own words."""
    case = report(reports, run.filters, identity)
    assert case is not None
    with speaking("en"):
        shown = published_case.of_one_case(run, case, kinds(reports))
        row = worklist.rows(run, case_rows(reports, run.filters, [case["id"]]))[0].city
    assert row is not None
    return shown, row


KANSAS_FLAGS = {"Y": "late", "N": "in_time", "": "unsaid"}
BOSTON_FLAGS = {"OVERDUE": "late", "ONTIME": "in_time", "": "unsaid"}


@pytest.mark.parametrize(
    ("name", "at", "column", "words", "identity"),
    [
        ("kansas_city", "2021-01-01T00:00", "EXCEEDED EST TIMEFRAME", KANSAS_FLAGS, "CASE ID"),
        ("boston", "2019-11-01T00:00", "ontime", BOSTON_FLAGS, "case_enquiry_id"),
    ],
)
def test_each_flag_of_the_file_is_on_the_case_in_the_list_and_counted(
    request: pytest.FixtureRequest,
    cities: Path,
    name: str,
    at: str,
    column: str,
    words: dict[str, str],
    identity: str,
) -> None:
    imported = request.getfixturevalue(name)
    rows = file_of(cities, name)
    expected = Counter(words[row[column].strip()] for row in rows)
    prefixes = imported.connection.execute("select public_code, source_ref from report limit 1").fetchone()
    prefix = prefixes[0].removesuffix(prefixes[1].split(":", 1)[1])
    with closing(ReportDatabase(imported.url)) as reports:
        run = viewing(reports, at)
        assert {flag: case_count(reports, run.filters, figure=figure) for flag, figure in FLAGS.items()} == expected
        table = crossed(flags(reports, run.filters))
        assert table.sum(axis=1).to_dict() == expected
        for (flag, ours), figure in CROSSED.items():
            assert case_count(reports, run.filters, figure=figure) == table.loc[flag, ours]
        with speaking("en"):
            shown = published.figures(run, kinds(reports)).flags
            assert shown is not None
            assert {row.name: row.city.count.count for row in shown.rows} == {
                published.flag_name(flag): count for flag, count in expected.items()
            }
        for word, flag in words.items():
            row = next(row for row in rows if row[column].strip() == word)
            page, listed = told_of(reports, run, f"{prefix}{row[identity]}")
            with speaking("en"):
                assert page.flag is not None
                assert page.flag.words == listed.flag == published.flag_name(flag)


def test_kansas_city_and_we_differ_because_there_is_no_deadline(kansas_city: Imported) -> None:
    with closing(ReportDatabase(kansas_city.url)) as reports, speaking("en"):
        shown = published.figures(viewing(reports, "2021-01-01T00:00"), kinds(reports)).flags
    assert shown is not None
    assert [(one.count.count, one.words) for one in shown.whys] == [
        (24_120, "the city says late, no deadline known"),
        (56_080, "the city says in time, no deadline known"),
        (3, "the city says nothing, no deadline known"),
    ]
    assert all("does not publish" in one.why for one in shown.whys[:2])


@pytest.mark.parametrize(
    ("kind", "column", "nothing"), [("status", "SERVICEORDERSTATUS", ""), ("ward", "WARD", "NULL")]
)
def test_each_status_and_ward_of_washingtons_file_is_counted_and_shown(
    washington: Imported, cities: Path, kind: Kind, column: str, nothing: str
) -> None:
    rows = file_of(cities, "washington")
    expected = Counter("" if row[column].strip() in {"", nothing} else row[column].strip() for row in rows)
    assert expected.total() == 22_576
    with closing(ReportDatabase(washington.url)) as reports:
        assert kinds(reports) == {"status", "ward"}
        run = viewing(reports, "2016-08-16T10:20")
        words = published_words(reports, run.filters)
        told = words[words["kind"] == kind]
        assert dict(zip(told["said"], told["reports"], strict=True)) == expected
        for said, count in expected.items():
            filters = viewing(reports, "2016-08-16T10:20", said=said).filters
            assert case_count(reports, filters, figure=f"published_{kind}") == count
            listed = case_ids(reports, filters, figure=f"published_{kind}", order="newest", search=None, limit=30_000)
            assert len(listed) == count
        row = next(row for row in rows if row[column].strip() not in {"", nothing})
        source = washington.connection.execute(
            "select public_code from report where source_ref like %s", [f"%:{row['SERVICEREQUESTID']}"]
        ).fetchone()
        assert source is not None
        page, listed_row = told_of(reports, run, source[0])
        assert row[column].strip() in [fact.words for fact in page.facts]
        word = row[column].strip()
        assert (f"{kind} {word}" if word.isdecimal() else word) in listed_row.words
        assert (page.flag, listed_row.flag) == (None, ""), "the city publishes no flag"
