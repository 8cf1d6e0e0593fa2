"""Parsing an address: known values become filters, unknown ones are ignored and reported, nothing ever fails."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queries.engine.database import ReportDatabase
from queries.engine.filters import SEVERITIES
from queries.figures.figures import City
from queries.figures.figures import city as read_city
from tests.reports import DAY, T, report, small_city
from ui.address.periods import PERIODS
from ui.address.url_filters import parse_filters

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
MOMENTS = st.one_of(
    st.datetimes().map(datetime.isoformat),
    st.datetimes(datetime(1000, 1, 1)).map(lambda moment: f"{moment:%d/%m/%Y %H:%M} 07:00"),  # noqa: DTZ001  local
)


@pytest.fixture
def city(connection: psycopg.Connection, reports: ReportDatabase) -> City:
    small_city(connection)
    report(connection, 1, submitted_at=T - 100 * DAY)
    return read_city(reports, T)


def test_an_empty_address_asks_for_thirty_days_up_to_now(reports: ReportDatabase, city: City) -> None:
    found = parse_filters({}, reports=reports, city=city, now=T)
    assert found.filters.at == T
    assert found.filters.start == datetime(2026, 10, 20, tzinfo=HANOI)
    assert found.unrecognised == ()


def test_codes_become_ids_and_unknown_ones_are_reported(reports: ReportDatabase, city: City) -> None:
    query = {"district": ["017", "999"], "unit": ["lang"], "period": ["century"]}
    found = parse_filters(query, reports=reports, city=city, now=T)
    assert (found.filters.districts, found.filters.units) == ((2,), (1,))
    assert set(found.unrecognised) == {"999", "century"}
    # The query for links and the map contains the known codes only, and other parameters as typed.
    understood = found.understood(query | {"q": ["999"], "category": ["none"]})
    assert understood == {"district": ["017"], "unit": ["lang"], "q": ["999"], "category": ["none"]}
    assert parse_filters(understood, reports=reports, city=city, now=T).filters.districts == (2,)


@pytest.mark.parametrize("words", [{"at": "never"}, {"district": "zzz"}, {"from": "x", "to": "y"}, {"bbox": "x"}])
def test_unknown_values_alone_leave_an_empty_address(
    reports: ReportDatabase, city: City, words: dict[str, str]
) -> None:
    query = {word: [value] for word, value in words.items()}
    found = parse_filters(query, reports=reports, city=city, now=T)
    assert found.unrecognised
    assert found.understood(query) == {}


def test_severities_come_one_by_one_or_between_commas(reports: ReportDatabase, city: City) -> None:
    for values in (["complex", "urgent"], ["urgent,complex"], ["complex,urgent", "urgent", ""]):
        found = parse_filters({"severity": values}, reports=reports, city=city, now=T)
        assert found.filters.severities == ("urgent", "complex")
        assert found.unrecognised == ()
    found = parse_filters({"severity": ["urgent,grave"]}, reports=reports, city=city, now=T)
    assert (found.filters.severities, found.unrecognised) == (("urgent",), ("grave",))
    assert found.understood({"severity": ["urgent,grave"]}) == {"severity": ["urgent"]}
    assert (
        parse_filters({"severity": ["grave"]}, reports=reports, city=city, now=T).understood({"severity": ["grave"]})
        == {}
    )
    every = parse_filters({"severity": ["normal,complex,urgent"]}, reports=reports, city=city, now=T)
    assert every.filters.severities == (), "choosing all is the same as choosing none"
    assert parse_filters({"district": ["006,017"]}, reports=reports, city=city, now=T).filters.districts == (1, 2)


def test_a_past_moment_is_the_citys_own_time_and_never_the_future(reports: ReportDatabase, city: City) -> None:
    past = parse_filters({"at": ["2026-11-17T08:00"]}, reports=reports, city=city, now=T)
    assert past.filters.at == datetime(2026, 11, 17, 8, tzinfo=HANOI)
    future = parse_filters({"at": ["2999-01-01T00:00"]}, reports=reports, city=city, now=T)
    assert future.filters.at == T
    assert future.remarks == (("future", ("2999-01-01T00:00",)),)
    assert future.understood({"at": ["2999-01-01T00:00"]}) == {}, "the page stays live"
    soon = parse_filters({"at": [(T + timedelta(seconds=90)).isoformat()]}, reports=reports, city=city, now=T)
    assert (soon.filters.at, soon.remarks) == (T, ())


@pytest.mark.parametrize("words", ["02/11/2026 08:00", "2026-11-02T08:00:00 07:00", "2026-11-02T08:00:00+07:00"])
def test_a_moment_may_be_written_as_people_write_it(reports: ReportDatabase, city: City, words: str) -> None:
    found = parse_filters({"at": [words]}, reports=reports, city=city, now=T)
    assert found.filters.at == datetime(2026, 11, 2, 8, tzinfo=HANOI)
    assert (found.unrecognised, found.remarks) == ((), ())
    assert found.understood({"at": [words]}) == {"at": [words]}


def test_a_period_from_one_day_to_another_includes_both(reports: ReportDatabase, city: City) -> None:
    query = {"from": ["01/11/2026"], "to": ["14/11/2026"], "period": ["last-month"]}
    found = parse_filters(query, reports=reports, city=city, now=T)
    assert found.filters.start == datetime(2026, 11, 1, tzinfo=HANOI)
    assert found.filters.end == datetime(2026, 11, 15, tzinfo=HANOI)
    open_ended = parse_filters(
        {"from": ["2026-11-01"], "period": ["last-month"]}, reports=reports, city=city, now=T
    ).filters
    assert open_ended.end > T, "without an end it reaches to the moment, whatever period is named"


def test_a_named_period_that_has_ended_ends(reports: ReportDatabase, city: City) -> None:
    found = parse_filters({"period": ["last-report-month"]}, reports=reports, city=city, now=T).filters
    assert (found.start, found.end) == (
        datetime(2026, 10, 15, tzinfo=HANOI), datetime(2026, 11, 15, tzinfo=HANOI),
    )  # fmt: skip
    assert found.at == T


@pytest.mark.parametrize(
    ("query", "remarks"),
    [
        ({"at": "31/02/2026"}, [("moment", ("31/02/2026",))]),
        ({"from": "x", "to": "14/11/2026"}, [("moment", ("x",))]),
        ({"from": "14/11/2026", "to": "01/11/2026"}, [("period", ("14/11/2026", "01/11/2026"))]),
        ({"from": "2999-01-01"}, [("period", ("2999-01-01",))]),
        ({"from": "01/11/2026", "to": "30/11/2026"}, [("cut", ("30/11/2026",))]),
        ({"from": "01/11/2026", "to": "18/11/2026"}, []),
    ],
)
def test_ignored_times_are_reported_separately(
    reports: ReportDatabase, city: City, query: dict[str, str], remarks: list[object]
) -> None:
    asked_for = {word: [value] for word, value in query.items()}
    found = parse_filters(asked_for, reports=reports, city=city, now=T)
    assert list(found.remarks) == remarks
    left_out = {word for why, words in found.remarks if why != "cut" for word in words}
    assert set(found.unrecognised) == left_out
    assert found.understood(asked_for) == {word: [value] for word, value in query.items() if value not in left_out}


def test_an_old_city_opens_at_its_default_moment_but_later_ones_may_be_asked(
    reports: ReportDatabase, city: City
) -> None:
    long_ago = T - 300 * DAY
    assert parse_filters({}, reports=reports, city=city, now=T, default=long_ago).filters.at == long_ago
    later = parse_filters({"at": ["2026-11-17T08:00"]}, reports=reports, city=city, now=T, default=long_ago)
    assert later.filters.at == datetime(2026, 11, 17, 8, tzinfo=HANOI)


def test_all_reaches_back_to_the_first_report(reports: ReportDatabase, city: City) -> None:
    found = parse_filters({"period": ["all"]}, reports=reports, city=city, now=T)
    assert found.filters.start == T - 100 * DAY


def test_all_of_a_moment_before_the_first_report_is_nothing(reports: ReportDatabase, city: City) -> None:
    found = parse_filters({"period": ["all"], "at": ["2000-01-01"]}, reports=reports, city=city, now=T)
    assert found.filters.start == found.filters.at == datetime(2000, 1, 1, tzinfo=HANOI)
    assert found.unrecognised == ()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            ["at", "period", "district", "ward", "unit", "category", "channel", "severity", "from", "to", "zzz"]
        ),
        st.lists(
            st.one_of(
                st.sampled_from([*PERIODS, *SEVERITIES]), st.text(max_size=30), st.text("0123456789/ :+-,TZ"), MOMENTS
            ),
            max_size=3,
        ),
    )
)
def test_no_address_ever_fails(reports: ReportDatabase, city: City, query: dict[str, list[str]]) -> None:
    found = parse_filters(query, reports=reports, city=city, now=T)
    filters = found.filters
    again = parse_filters(found.understood(query), reports=reports, city=city, now=T)
    assert (again.filters, again.unrecognised) == (filters, ()), "the understood part asks for the same"
    assert filters.start <= filters.end <= T + timedelta(seconds=1)
    assert filters.at <= T
