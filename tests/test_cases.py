"""Lists of cases: a figure's own, in order, page by page, as of a moment; and the same exported to a file."""

import csv
import io
import re
import zipfile
from contextlib import closing
from datetime import datetime

import psycopg
import pytest
from xlsxwriter import Workbook

from queries.cases.cases import ORDERS, Order, case_count, case_ids, cases, speaks_of_the_period
from queries.cases.cases import listed as listed_of
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.figures.figures import city as city_of
from queries.registry.registry import FIGURES
from tests.reports import DAY, HOUR, T, past, report, small_city
from tests.test_figures import HANOI
from ui.address.case_list import asked_list, figure_of, page_of
from ui.base.i18n import speaking
from ui.cases.case_list import described
from ui.cases.exports import CasesBook, Export, csv_parts

NOW = Filters.of(scope=ALL_CASES, at=T, zone=HANOI)


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    small_city(connection)
    return connection


def listed(reports: ReportDatabase, figure: str = "open", order: Order = "newest", filters: Filters = NOW) -> list[int]:
    return case_ids(reports, filters, figure=figure, order=order, search=None, limit=50)


def test_every_figure_lists_as_many_as_it_counts(demo: str) -> None:
    month = Filters.of(scope=ALL_CASES, at=T - 3 * DAY, zone=HANOI, start=T - 33 * DAY)
    with closing(ReportDatabase(demo)) as reports:
        for figure in FIGURES:
            count = case_count(reports, month, figure=figure)
            for order in ORDERS:
                ids = case_ids(reports, month, figure=figure, order=order, search=None, limit=20_000)
                assert len(ids) == len(set(ids)) == count, figure


def test_orders(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, submitted_at=T - 5 * DAY, due_at=T - HOUR)
    report(city, 2, submitted_at=T - 3 * DAY, due_at=T + DAY, severity="urgent")
    report(city, 3, submitted_at=T - 4 * DAY, due_at=T + DAY)
    report(city, 4, submitted_at=T - DAY)
    report(city, 5, submitted_at=T - 9 * DAY, due_at=T - 6 * DAY, ended_at=T - 2 * DAY)
    assert listed(reports, order="newest") == [4, 2, 3, 1]
    assert listed(reports, order="oldest") == [1, 3, 2, 4]
    assert listed(reports, order="worklist") == [2, 1, 3, 4]
    assert listed(reports, "submitted", "most_late")[:2] == [5, 1], (
        "four days late before an hour late; without a deadline last"
    )


def test_pages_follow_each_other_across_what_changed_since(city: psycopg.Connection, reports: ReportDatabase) -> None:
    """A list of cases that have not changed since the moment and of cases that have."""
    for number in range(1, 8):
        report(city, number, submitted_at=T - number * HOUR)
    for number in (2, 5):
        past(city, number, submitted_at=T - number * HOUR, valid_from=T - 2 * DAY, valid_to=T + DAY)
    pages = [
        case_ids(reports, NOW, figure="open", order="newest", search=None, limit=3, offset=offset)
        for offset in (0, 3, 6, 9)
    ]
    assert pages == [[1, 2, 3], [4, 5, 6], [7], []]


def test_a_case_is_shown_as_it_stood(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, unit_id=2, officer="Bình", answer="Đã xong", ended_at=T + DAY, rating="satisfied", rated_at=T + DAY)
    past(city, 1, unit_id=1, valid_from=T - 2 * DAY, valid_to=T + HOUR, due_at=T - HOUR)
    row = cases(reports, NOW, figure="open").iloc[0]
    assert (row["unit_id"], row["state"]) == (1, "overdue")
    assert row[["officer", "answer", "rating", "ended_at"]].isna().all(), "what came later is not known yet"
    later = cases(reports, Filters.of(scope=ALL_CASES, at=T + 2 * DAY, zone=HANOI), figure="resolved").iloc[0]
    assert (later["unit_id"], later["officer"], later["answer"]) == (2, "Bình", "Đã xong")
    assert later["submitted_at"].utcoffset().total_seconds() == 7 * 3600


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize(
    ("query", "figure", "order", "page", "unrecognised"),
    [
        ({}, "open", "worklist", 1, ()),
        ({"figure": ["overdue"], "page": ["3"]}, "overdue", "worklist", 3, ()),
        ({"figure": ["resolved"]}, "resolved", "newest", 1, ()),
        ({"q": ["rac"]}, "submitted", "newest", 1, ()),
        ({"q": ["rac"], "figure": ["open"], "sort": ["oldest"]}, "open", "oldest", 1, ()),
        ({"figure": ["true"]}, "open", "worklist", 1, ("true",)),
        ({"figure": ["overdue; drop table"]}, "open", "worklist", 1, ("overdue; drop table",)),
        ({"sort": ["id"], "page": ["-1"], "q": ["!!"]}, "open", "worklist", 1, ("!!", "id", "-1")),
        ({"page": ["٣"]}, "open", "worklist", 3, ()),
        ({"page": ["9" * 5000]}, "open", "worklist", 1, ("9" * 5000,)),
        ({"page": ["0"]}, "open", "worklist", 1, ()),
    ],
)
def test_the_address_says_what_is_listed(
    reports: ReportDatabase,
    query: dict[str, list[str]],
    figure: str,
    order: str,
    page: int,
    unrecognised: tuple[str, ...],
) -> None:
    asked = asked_list(query, reports)
    assert (asked.figure, asked.order, asked.page, asked.unrecognised) == (figure, order, page, unrecognised)


@pytest.mark.parametrize(
    ("words", "figure"),
    [
        ({}, "open"),
        ({"q": "rac"}, "submitted"),
        ({"q": " "}, "open"),
        ({"q": "rac", "figure": "received"}, "received"),
        ({"figure": "strange"}, "open"),
    ],
)
def test_the_period_matters_for_a_list_of_what_happened_in_it(words: dict[str, str], figure: str) -> None:
    assert figure_of(words) == figure
    assert speaks_of_the_period(figure) == (figure == "received")


def test_a_list_says_which_severities_and_days_it_is_of(export: Export) -> None:
    filters = export.filters.choosing(severities=("urgent", "complex")).within(
        start=datetime(2026, 11, 1, tzinfo=HANOI)
    )
    listing = asked_list({"figure": ["received"]}, export.reports)
    with speaking("vi"):
        facts = dict(described(listing, filters, export.city, export.reports))
    assert facts["Mức độ"] == "khẩn, phức tạp"
    assert facts["Kỳ"].startswith("01/11/2026 – 18/11/2026")


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize(("count", "shown", "last"), [(0, 1, 1), (50, 1, 1), (51, 2, 2), (10**7, 7, 200)])
def test_a_page_number_is_limited(reports: ReportDatabase, count: int, shown: int, last: int) -> None:
    assert page_of(asked_list({"page": ["7"]}, reports), count, 50) == (shown, last)


def test_only_what_happened_in_a_period_speaks_of_it() -> None:
    assert speaks_of_the_period("resolved_late")
    assert not speaks_of_the_period("overdue")
    assert not speaks_of_the_period("submitted")


HOSTILE = "=cmd|' /C calc'!A0"


@pytest.fixture
def export(city: psycopg.Connection, reports: ReportDatabase) -> Export:
    """Two overdue cases, one of them with hostile text, and one that is not overdue."""
    report(city, 1, title=HOSTILE, address="+84", officer="@sum", due_at=T - 3 * HOUR, lon=-105.5, lat=21.0)
    report(city, 2, title="Mưa\nngập, “lụt”", due_at=T - HOUR, district_id=None, ward_id=None, unit_id=None)
    report(city, 3, title="Không quá hạn", due_at=T + DAY)
    city.execute("insert into report_contact values (1, 'Nguyễn Bí Mật', '0912345678')")
    return Export(asked_list({"figure": ["overdue"]}, reports), NOW, city_of(reports, T), reports, most=10)


def written(export: Export) -> bytes:
    with speaking("en"):
        return b"".join(csv_parts(export))


def workbook(export: Export, rows_on_a_sheet: int = 1000) -> dict[str, str]:
    """The parts of a workbook by name."""
    file = io.BytesIO()
    with speaking("en"), Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        assert list(CasesBook(book, export, rows_on_a_sheet).parts())[-1] == export.listed.count
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")}


def test_a_csv_file_is_one_table_with_a_description(export: Export) -> None:
    content = written(export)
    assert content.startswith(b"\xef\xbb\xbf"), "spreadsheets recognise UTF-8 by its byte order mark"
    headings, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert {len(row) for row in rows} == {len(headings)}
    table = [dict(zip(headings, row, strict=True)) for row in rows]
    assert [row["Code"] for row in table] == ["T-1", "T-2"]
    assert table[0]["Due"] == "2026-11-18 07:00:00"
    assert table[0]["Hours past the deadline"] == "3.0"
    assert table[0]["Longitude"] == "-105.5", "a number stays a number"
    assert (table[1]["What"], table[1]["Held by"]) == ("Mưa\nngập, “lụt”", "")
    assert headings[-1] == (
        "What is listed: Overdue: open, and due before the moment | Moment: 18/11/2026 10:00 (Asia/Ho_Chi_Minh) | "
        "Order: What to do first | Cases in this file: 2"
    )
    assert {row[-1] for row in rows} == {""}


def test_no_cell_of_a_csv_file_is_a_formula(export: Export) -> None:
    content = written(export).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert (rows[0]["What"], rows[0]["Address"], rows[0]["Officer"]) == ("'" + HOSTILE, "'+84", "'@sum")


def test_an_empty_or_truncated_list_says_so(export: Export) -> None:
    none = Export(asked_list({"figure": ["refused"]}, export.reports), NOW, export.city, export.reports, most=10)
    assert "Cases in this file: 0" in written(none).decode()
    short = Export(export.listing, NOW, export.city, export.reports, most=1)
    content = written(short).decode()
    assert "T-2" not in content
    assert "the first 1; a file cannot hold more" in content


def test_a_workbook_has_text_dates_and_a_sheet_with_a_description(export: Export) -> None:
    parts = workbook(export)
    cases, about = parts["xl/worksheets/sheet1.xml"], parts["xl/worksheets/sheet2.xml"]
    assert "<f>" not in cases, "no formula"
    assert "cmd|" in cases
    due = (datetime(2026, 11, 18, 7) - datetime(1899, 12, 30)).total_seconds() / 86400  # noqa: DTZ001  a sheet has none
    assert f"<v>{due:.10g}"[:12] in cases, "a date is a date"
    assert "open, and due before the moment" in about
    assert "18/11/2026 10:00" in about


def test_a_workbook_continues_on_another_sheet(export: Export) -> None:
    parts = workbook(export, rows_on_a_sheet=1)
    first, second, about = (parts[f"xl/worksheets/sheet{n}.xml"] for n in (1, 2, 3))
    assert ("T-1" in first, "T-2" in first) == (True, False)
    assert ("T-1" in second, "T-2" in second) == (False, True)
    assert all("Hours past the deadline" in sheet for sheet in (first, second)), "each has its headings"
    assert "Cases in this file" in about
    assert re.findall(r'<sheet name="([^"]+)"', parts["xl/workbook.xml"]) == ["Cases", "Cases 2", "About this list"]


def test_no_file_contains_a_citizens_contact(export: Export) -> None:
    for content in (written(export).decode(), *workbook(export).values()):
        assert "Bí Mật" not in content
        assert "0912345678" not in content


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("figure", ["submitted", "received", "resolved", "fell_due"])
def test_a_long_list_is_read_part_by_part_and_is_the_same(
    city: psycopg.Connection, reports: ReportDatabase, monkeypatch: pytest.MonkeyPatch, figure: str, order: Order
) -> None:
    """With shared times, and reports that have changed since, on both sides of a part's end."""
    for number in range(1, 12):
        moment = T - (1 + number // 3) * HOUR
        report(city, number, submitted_at=T - 5 * DAY - (number // 4) * HOUR, due_at=moment, ended_at=moment)
    for number in (3, 7):
        past(
            city, number, submitted_at=T - 5 * DAY - (number // 4) * HOUR, valid_from=T - 2 * DAY, valid_to=T + DAY,
            due_at=T - (1 + number // 3) * HOUR, ended_at=T - (1 + number // 3) * HOUR, status="resolved",
        )  # fmt: skip
    whole = case_ids(reports, NOW, figure=figure, order=order, search=None, limit=100)
    assert len(whole) == 11
    for at_once in (1, 2, 3, 11, 50):
        monkeypatch.setattr("queries.cases.cases._IDS_AT_ONCE", at_once)
        for most in (None, 4):
            found = listed_of(reports, NOW, figure=figure, order=order, search=None, most=most)
            parts = list(found.ids())
            assert [number for part in parts for number in part] == whole[:most]
            assert found.count == len(whole[:most])
            assert all(len(part) <= at_once for part in parts)


def test_a_file_is_named_after_its_figure_period_and_moment(export: Export) -> None:
    assert export.file_name("csv") == "overdue_at_2026-11-18_1000.csv", "open reports do not depend on the period"
    month = Filters.of(scope=ALL_CASES, at=T, zone=HANOI, start=T - 30 * DAY, end=T - 2 * HOUR)
    resolved = Export(asked_list({"figure": ["resolved"]}, export.reports), month, export.city, export.reports)
    assert resolved.file_name("xlsx") == "resolved_2026-10-19_to_2026-11-18_at_2026-11-18_1000.xlsx"
