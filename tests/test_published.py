"""The city's own data: three-valued flags beside ours, each number opening its cases; nothing if none is published."""

import csv
import io
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from queries.cases.cases import case_count, case_ids, cases
from queries.cases.report import report as one
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import AGGREGATES_ONLY, ALL_CASES, FIGURES, NOTHING, cases_of
from queries.figures.figures import city as city_of
from queries.figures.published import CROSSED, FLAGS, OURS, crossed, flags, kinds, published_words
from tests.reports import DAY, HOUR, T, give_rule, past, report, small_city
from tests.test_figures import HANOI
from ui.address.case_list import asked_list
from ui.address.url_filters import parse_filters
from ui.base.html_panel import render
from ui.base.i18n import speaking
from ui.base.run import Run
from ui.cases import worklist
from ui.cases.case_list import described
from ui.cases.exports import Export, csv_parts
from ui.figures import published, published_case

NOW = Filters.of(scope=ALL_CASES, at=T, zone=HANOI)
LATE, IN_TIME, UNKNOWN = ({"due_at": due} for due in (T - HOUR, T + HOUR, None))


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    """Nine reports, one for each pair of the city's flag and ours; one the city did not publish; one of long ago."""
    small_city(connection)
    give_rule(connection, id=1)
    pairs = [(flag, ours) for flag in (True, False, None) for ours in (LATE, IN_TIME, UNKNOWN)]
    for number, (flag, ours) in enumerate(pairs, start=1):
        report(connection, number, **ours, rule_id=1 if number == 4 else None)
        say(connection, number, flag, ward=None if number == 9 else "Ward 3", status="OPEN" if number < 5 else "CLOSED")
    report(connection, 10, **LATE)
    report(connection, 11, submitted_at=T - 90 * DAY)
    say(connection, 11, late=True, ward="Ward 3", status="OPEN")
    connection.execute("select count_source_words()")
    return connection


def say(connection: psycopg.Connection, number: int, late: bool | None, *, ward: str | None, status: str) -> None:
    connection.execute(
        """insert into report_source (report_id, published_late, published_ward, published_status)
           values (%s, %s, %s, %s)""",
        [number, late, ward, status],
    )


def month(reports: ReportDatabase, **query: list[str]) -> Run:
    query = {"at": [T.isoformat()], "period": ["30d"]} | query
    known = city_of(reports, T)
    found = parse_filters(query, reports=reports, city=known, now=T, scope=ALL_CASES)
    return Run(reports, known, found.filters, live=False, query=query, page="overdue")


@pytest.mark.usefixtures("city")
def test_each_pair_of_flags_is_counted_once_and_opens_its_case(reports: ReportDatabase) -> None:
    run = month(reports)
    table = crossed(flags(reports, run.filters))
    assert table.to_numpy().tolist() == [[1, 1, 1], [1, 1, 1], [1, 1, 1]]
    for number, figure in enumerate(CROSSED.values(), start=1):
        assert case_ids(reports, run.filters, figure=figure, order="newest", search=None, limit=9) == [number]
    for figures in (FLAGS, OURS):
        assert [case_count(reports, run.filters, figure=figure) for figure in figures.values()] == [3, 3, 3]
    assert case_count(reports, run.filters, figure="published") == 9
    assert crossed(flags(reports, run.filters.since(T - 100 * DAY))).loc["late"].sum() == 4


@pytest.mark.usefixtures("city")
def test_our_finding_is_that_of_the_moment(reports: ReportDatabase) -> None:
    later = crossed(flags(reports, Filters.of(at=T + DAY, zone=HANOI, start=T - 30 * DAY)))
    assert later.to_numpy().tolist() == [[2, 0, 1]] * 3


def test_a_past_moment_counts_as_it_stood(city: psycopg.Connection, reports: ReportDatabase) -> None:
    past(city, 1, valid_from=T - 2 * DAY, valid_to=T + HOUR, due_at=T + DAY)
    assert case_count(reports, month(reports).filters, figure="published_late_ours_in_time") == 2


@pytest.mark.usefixtures("city")
def test_the_panel_says_both_counts_and_why_they_differ(reports: ReportDatabase) -> None:
    run = month(reports)
    with speaking("en"):
        shown = published.figures(run, kinds(reports))
        html = render("published", shown)
    told = shown.flags
    assert told is not None
    assert [(row.name, row.city.count.count) for row in told.rows] == [
        ("late", 3), ("in time", 3), ("not said", 3),
    ]  # fmt: skip
    assert told.whole.count == 9
    whys = {one.count.figure: one.why for one in told.whys}
    assert len(whys) == 7
    assert whys["published_late_ours_no_deadline"] == "the city measures against a time it does not publish"
    assert "the rule in force" in whys["published_in_time_ours_late"], "number 4 is due by a rule"
    assert "as old as its file" in whys["published_late_ours_in_time"], "number 2 by the city's own due time"
    counts = [each for row in told.rows for each in (row.city.count, *row.cells)]
    counts += [one.count for one in told.ours]
    counts += [word.count for kind in shown.kinds for word in (*kind.first, *kind.rest)]
    for count in counts:
        assert listed(reports, count.href) == count.count, count
    assert [(kind.name, [(word.name, word.count.count) for word in kind.first]) for kind in shown.kinds] == [
        ("The city's status", [("CLOSED", 5), ("OPEN", 4)]),
        ("The city's ward", [("Ward 3", 8), ("not said", 1)]),
    ]
    assert 'data-figure="published_late"' in html


def listed(reports: ReportDatabase, href: str) -> int:
    query = parse_qs(urlsplit(href).query)
    listing = asked_list(query, reports)
    found = parse_filters(query, reports=reports, city=city_of(reports, T), now=T, scope=ALL_CASES)
    assert (listing.unrecognised, found.unrecognised) == ((), ())
    return case_count(reports, found.filters, figure=listing.figure)


def test_there_is_a_reason_exactly_where_the_two_differ() -> None:
    with speaking("en"):
        for flag, ours in CROSSED:
            for by_rule in (True, False):
                assert bool(published.why(flag, ours, by_rule=by_rule)) == (flag != ours)


@pytest.mark.usefixtures("city")
def test_a_list_names_the_citys_flag_status_and_area(reports: ReportDatabase) -> None:
    run = month(reports)
    with speaking("en"):
        rows = worklist.rows(run, cases(reports, run.filters, figure="received", order="oldest"))
        html = render("worklist", page(rows))
    told = {row.code: row.city for row in rows}
    assert told["T-1"] == published_case.OfCase("late", "overdue", ("OPEN", "Ward 3"))
    assert told["T-4"] == published_case.OfCase("in time", "good", ("OPEN", "Ward 3"))
    assert told["T-9"] == published_case.OfCase("not said", "muted", ("CLOSED",))
    assert told["T-10"] == published_case.OfCase()
    assert html.count('data-label="The city says"') == 10


def page(rows: list[worklist.Row]) -> worklist.Page:
    return worklist.Page(title="", about="", found="", nothing="", cases=rows, mark=None, page=1, last=1, turns={})


def case_shown(reports: ReportDatabase, code: str) -> published_case.CityOnCase:
    case = one(reports, NOW, code)
    assert case is not None
    assert case["published"]
    with speaking("en"):
        shown = published_case.of_one_case(month(reports), case, kinds(reports))
        assert render("report_city", shown)
    return shown


def flag_shown(shown: published_case.CityOnCase) -> published_case.Flag:
    assert shown.flag is not None
    return shown.flag


@pytest.mark.usefixtures("city")
def test_a_case_shows_the_citys_data_and_why_we_differ(reports: ReportDatabase) -> None:
    shown = case_shown(reports, "T-3")
    flag = flag_shown(shown)
    assert (flag.words, flag.ours) == ("late", "no deadline known")
    assert flag.why == "the city measures against a time it does not publish"
    assert shown.facts == [
        published_case.Fact("The city's status", "OPEN"),
        published_case.Fact("The city's ward", "Ward 3"),
    ]
    assert flag_shown(case_shown(reports, "T-1")).why == ""
    assert flag_shown(case_shown(reports, "T-9")).words == "not said"
    assert case_shown(reports, "T-9").facts[1].words == "not said"
    unpublished = one(reports, NOW, "T-10")
    assert unpublished is not None
    assert not unpublished["published"]


def exported(reports: ReportDatabase, figure: str = "received") -> list[dict[str, str]]:
    run = month(reports)
    export = Export(asked_list({"figure": [figure]}, reports), run.filters, run.city, reports, most=20)
    with speaking("en"):
        file = b"".join(csv_parts(export))
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"))))


@pytest.mark.usefixtures("city")
def test_a_file_names_the_citys_flag_status_and_area(reports: ReportDatabase) -> None:
    table = {row["Code"]: row for row in exported(reports)}
    told = {
        code: [row[name] for name in ("The city's flag", "The city's status", "The city's ward")]
        for code, row in table.items()
    }
    assert told["T-2"] == ["late", "OPEN", "Ward 3"]
    assert told["T-5"] == ["in time", "CLOSED", "Ward 3"]
    assert told["T-9"] == ["not said", "CLOSED", ""]
    assert told["T-10"] == ["", "", ""]
    assert "The city's district" not in table["T-1"], "the city publishes no words"


def test_a_city_that_publishes_nothing_has_no_empty_columns(
    connection: psycopg.Connection, reports: ReportDatabase
) -> None:
    small_city(connection)
    report(connection, 1)
    assert kinds(reports) == frozenset()
    run = month(reports)
    with speaking("en"):
        rows = worklist.rows(run, cases(reports, run.filters, figure="open"))
        assert rows[0].city is None
        assert "The city says" not in render("worklist", page(rows))
    assert not [name for name in exported(reports)[0] if name.startswith("The city")]


@pytest.mark.usefixtures("city")
def test_a_list_for_one_of_the_citys_words_names_it(reports: ReportDatabase) -> None:
    query = {"figure": ["published_ward"], "said": ["none"]}
    run = month(reports, **query)
    assert run.filters.said == ""
    assert case_ids(reports, run.filters, figure="published_ward", order="newest", search=None, limit=9) == [9]
    with speaking("en"):
        facts = dict(described(asked_list(query, reports), run.filters, run.city, reports))
    assert facts["In the city's own words"] == "not said"
    assert asked_list({"figure": ["published_ward"]}, reports).unrecognised == ("published_ward",), "which ward?"
    hostile = month(reports, said=["'; drop table report; --\0"]).filters
    assert case_count(reports, hostile, figure="published_ward") == 0


@pytest.mark.usefixtures("city")
def test_everybody_counts_and_only_who_may_reads_the_case(reports: ReportDatabase) -> None:
    run = month(reports)
    for scope in (AGGREGATES_ONLY, FIGURES):
        filters = run.filters.choosing(scope=scope)
        assert crossed(flags(reports, filters)).to_numpy().sum() == 9
        assert published_words(reports, filters)["reports"].sum() == 27
    for scope in (NOTHING, cases_of((2,))):  # each pair of flags has fewer than five, except for a head's own
        filters = run.filters.choosing(scope=scope)
        mine = flags(reports, filters.choosing(units=scope.units))["reports"].sum() if scope.units else 0
        assert crossed(flags(reports, filters)).to_numpy().sum() == mine
        assert not (published_words(reports, run.filters.choosing(scope=NOTHING))["reports"] % 5).any()
    for scope in (NOTHING, cases_of((2,))):
        filters = run.filters.choosing(scope=scope)
        assert case_ids(reports, filters, figure="published_late", order="newest", search=None, limit=9) == []
    own = run.filters.choosing(scope=cases_of((1,)))
    assert len(case_ids(reports, own, figure="published_late", order="newest", search=None, limit=9)) == 3


def test_a_rare_word_is_hidden_from_viewers_who_only_count(city: psycopg.Connection, reports: ReportDatabase) -> None:
    """Five reports with the same status show it; four do not, and are counted with the other rare ones."""
    city.execute("update report_source set published_status = 'MOVED' where report_id = 8")
    city.execute("select count_source_words()")
    run = month(reports)
    words = published_words(reports, run.filters)
    assert words[words["kind"] == "status"][["said", "reports"]].to_numpy().tolist() == [["…", 5], ["OPEN", 4]]
    assert "MOVED" not in str(reports.ask_now("published_words", **run.filters.parameters()))
    rare = month(reports, said=["…"]).filters
    assert case_ids(reports, rare, figure="published_status", order="oldest", search=None, limit=9) == [5, 6, 7, 8, 9]
    named = month(reports, said=["MOVED"]).filters
    assert case_count(reports, named, figure="published_status") == 0
    with speaking("en"):
        names = [word.name for word in published.figures(run, kinds(reports)).kinds[0].first]
    assert names == ["OPEN", "rarer words"]
    case = one(reports, NOW, "T-8")
    assert case is not None
    assert case["published_status"] == "MOVED", "readers of the case can read its words"
