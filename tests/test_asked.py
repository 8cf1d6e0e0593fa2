"""What an address asks for: known words become filters, strange ones are left out and said, nothing ever fails."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queries.database import ReportDatabase
from queries.figures import City
from queries.figures import city as read_city
from tests.reports import DAY, T, report, small_city
from ui.asked import PERIODS, asked

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
MOMENTS = st.datetimes().map(datetime.isoformat)


@pytest.fixture
def city(connection: psycopg.Connection, reports: ReportDatabase) -> City:
    small_city(connection)
    report(connection, 1, submitted_at=T - 100 * DAY)
    return read_city(reports, T)


def test_an_empty_address_asks_for_thirty_days_up_to_now(reports: ReportDatabase, city: City) -> None:
    found = asked({}, reports=reports, city=city, now=T)
    assert found.filters.at == T
    assert found.filters.start == datetime(2026, 10, 20, tzinfo=HANOI)
    assert found.strange == ()


def test_codes_become_ids_and_unknown_ones_are_said(reports: ReportDatabase, city: City) -> None:
    query = {"district": ["017", "999"], "unit": ["lang"], "period": ["century"]}
    found = asked(query, reports=reports, city=city, now=T)
    assert (found.filters.districts, found.filters.units) == ((2,), (1,))
    assert set(found.strange) == {"999", "century"}
    # What a page goes on with, and its map asks for, holds the known ones alone, and what is no choice as it was typed.
    understood = found.understood(query | {"q": ["999"], "category": ["none"]})
    assert understood == {"district": ["017"], "unit": ["lang"], "q": ["999"], "category": ["none"]}
    assert asked(understood, reports=reports, city=city, now=T).filters.districts == (2,)


@pytest.mark.parametrize("words", [{"at": "never"}, {"district": "zzz"}, {"from": "x", "to": "y"}, {"bbox": "x"}])
def test_nonsense_alone_leaves_an_empty_address(reports: ReportDatabase, city: City, words: dict[str, str]) -> None:
    query = {word: [value] for word, value in words.items()}
    found = asked(query, reports=reports, city=city, now=T)
    assert found.strange
    assert found.understood(query) == {}


def test_a_past_moment_is_the_citys_own_time_and_never_the_future(reports: ReportDatabase, city: City) -> None:
    past = asked({"at": ["2026-11-17T08:00"]}, reports=reports, city=city, now=T)
    assert past.filters.at == datetime(2026, 11, 17, 8, tzinfo=HANOI)
    future = asked({"at": ["2999-01-01T00:00"]}, reports=reports, city=city, now=T)
    assert future.filters.at == T


def test_a_city_of_the_past_stands_at_its_usual_moment_but_may_be_asked_for_later(
    reports: ReportDatabase, city: City
) -> None:
    long_ago = T - 300 * DAY
    assert asked({}, reports=reports, city=city, now=T, usual=long_ago).filters.at == long_ago
    later = asked({"at": ["2026-11-17T08:00"]}, reports=reports, city=city, now=T, usual=long_ago)
    assert later.filters.at == datetime(2026, 11, 17, 8, tzinfo=HANOI)


def test_all_reaches_back_to_the_first_report(reports: ReportDatabase, city: City) -> None:
    found = asked({"period": ["all"]}, reports=reports, city=city, now=T)
    assert found.filters.start == T - 100 * DAY


def test_all_of_a_moment_before_the_first_report_is_nothing(reports: ReportDatabase, city: City) -> None:
    found = asked({"period": ["all"], "at": ["2000-01-01"]}, reports=reports, city=city, now=T)
    assert found.filters.start == found.filters.at == datetime(2000, 1, 1, tzinfo=HANOI)
    assert found.strange == ()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["at", "period", "district", "ward", "unit", "category", "channel", "from", "to", "zzz"]),
        st.lists(st.one_of(st.sampled_from(PERIODS), st.text(max_size=30), MOMENTS), max_size=3),
    )
)
def test_no_address_ever_fails(reports: ReportDatabase, city: City, query: dict[str, list[str]]) -> None:
    filters = asked(query, reports=reports, city=city, now=T).filters
    assert filters.start <= filters.end <= T + timedelta(seconds=1)
    assert filters.at <= T
