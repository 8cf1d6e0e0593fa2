"""What a figure is compared with, and when a change counts: like with like, and only beyond chance."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import comb
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bench import change as steady_city
from queries.engine.database import ReportDatabase
from queries.engine.filters import TICK, Filters
from queries.figures.chance import CHANCE, SHARE_SPREAD, count_differs, median_bounds, share_differs
from queries.figures.change import earlier
from queries.figures.figures import city as read_city
from queries.figures.figures import figures
from reportdb.database.connection import connect
from tests.conftest import DEMO_NOW, NewDatabase
from tests.reports import DAY, HOUR, T, report, small_city
from ui.address.url_filters import parse_filters, period_start

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=HANOI)


def over(start: datetime, at: datetime = MONDAY, end: datetime | None = None) -> Filters:
    return Filters.of(at=at, zone=HANOI, start=start, end=end)


def midnight(days_before: int) -> datetime:
    """The midnight that starts so many days of which Monday is the last."""
    return datetime.combine(MONDAY.date() - timedelta(days=days_before - 1), time.min, HANOI)


@pytest.mark.parametrize(
    ("days", "weeks"),
    [(1, 1), (7, 1), (8, 2), (10, 2), (14, 2), (28, 4), (30, 4), (31, 4), (90, 13), (92, 13), (365, 52), (366, 52)],
)
def test_standing_figures_go_back_whole_weeks_to_the_same_weekday_and_hour(days: int, weeks: int) -> None:
    found = earlier(over(midnight(days)), LONG_AGO)
    assert found.weeks == weeks
    assert found.standing is not None
    then = found.standing.at.astimezone(HANOI)
    assert (MONDAY - then, then.hour, then.weekday()) == (timedelta(weeks=weeks), 8, 0)
    assert found.of("open") == found.of("due_soon") == found.of("overdue") == found.standing


@pytest.mark.parametrize("days", [1, 7, 10, 30, 90, 365])
def test_periods_go_back_as_long_and_up_to_the_same_hour(days: int) -> None:
    now = over(midnight(days))
    then = earlier(now, LONG_AGO).period
    assert then is not None
    assert then.start == now.start - timedelta(days=days)
    assert (then.at, then.end) == (now.at - timedelta(days=days), now.end - timedelta(days=days))
    assert then.end - then.start == now.end - now.start
    assert then.at < now.start
    assert earlier(now, LONG_AGO).of("received") == then


def test_a_period_in_the_past_is_compared_as_it_was_known_as_long_after() -> None:
    october = over(datetime(2026, 10, 1, tzinfo=HANOI), end=datetime(2026, 11, 1, tzinfo=HANOI))
    then = earlier(october, LONG_AGO).period
    assert then is not None
    assert (then.start, then.end) == (datetime(2026, 8, 31, tzinfo=HANOI), datetime(2026, 10, 1, tzinfo=HANOI))
    assert MONDAY - then.at == 31 * DAY


@pytest.mark.parametrize("hour", [0, 2, 8])
def test_local_time_counts_whatever_summer_time_does(hour: int) -> None:
    """Clocks in Boston went back on Sunday 1 November 2026."""
    boston = ZoneInfo("America/New_York")
    at = datetime(2026, 11, 4, hour, tzinfo=boston)
    now = Filters.of(at=at, zone=boston, start=datetime(2026, 10, 29, tzinfo=boston))
    found = earlier(now, LONG_AGO)
    assert (found.weeks, found.days) == (1, 7)
    for then in (found.standing, found.period):
        assert then is not None
        assert then.at == datetime(2026, 10, 28, hour, tzinfo=boston)
    assert found.period is not None
    assert found.period.start == datetime(2026, 10, 22, tzinfo=boston)


def test_nothing_is_compared_with_what_lies_before_the_data() -> None:
    month = over(midnight(30))
    everything = earlier(month, MONDAY - 60 * DAY)
    assert everything.standing is not None
    assert everything.period is not None
    partly = earlier(month, MONDAY - 40 * DAY)  # the moment lies in the data, the period before does not
    assert (partly.standing is not None, partly.period) == (True, None)
    for begins in (MONDAY - 20 * DAY, month.start, None):
        nothing = earlier(month, begins)
        assert (nothing.standing, nothing.period) == (None, None)


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    small_city(connection)
    return connection


def test_the_earlier_figures_are_those_of_the_compared_moment_and_period(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    """Wednesday 10:00; the week before at the same hour, and its seven days up to that hour."""
    then = T - 7 * DAY
    report(city, 1, submitted_at=then - 3 * DAY, due_at=then - HOUR)  # open and overdue then as now
    report(city, 2, submitted_at=then - DAY, due_at=then + HOUR, ended_at=T - DAY)  # due soon then
    report(city, 3, submitted_at=then + HOUR, ended_at=then + 2 * HOUR)  # received after the hour: in neither period
    report(city, 4, submitted_at=then - 10 * DAY, ended_at=then - 8 * DAY)
    report(city, 5, submitted_at=T - HOUR)
    filters = Filters.of(at=T, zone=HANOI, start=period_start("7d", T, read_city(reports, T)))
    found = earlier(filters, read_city(reports, T).first_submitted_at).counts(reports)
    assert [found[name] for name in ("open", "overdue", "due_soon", "received", "resolved")] == [2, 1, 1, 2, 0]
    assert figures(reports, filters).iloc[0][["open", "received"]].tolist() == [2, 1]


@pytest.fixture(scope="module")
def demo_reports(demo: str) -> Iterator[ReportDatabase]:
    with closing(ReportDatabase(demo)) as opened:
        yield opened


def working_days(connection: psycopg.Connection) -> set[date]:
    return {day for (day,) in connection.execute("select day from working_day where working").fetchall()}


def recounted(connection: psycopg.Connection, at: datetime, working: set[date]) -> tuple[int, int]:
    """Count what was open and due soon at a moment from the rows themselves: the version valid then."""
    day = at.astimezone(HANOI).date() + timedelta(days=1)
    while day not in working:
        day += timedelta(days=1)
    soon = datetime.combine(day + timedelta(days=1), time.min, HANOI)
    row = connection.execute(
        """with held as (
               select id, submitted_at, ended_at, due_at from report
                   where not exists (select from report_past
                                     where report_id = id and valid_from <= %(at)s and valid_to > %(at)s)
               union all
               select report_id, submitted_at, ended_at, due_at from report_past
                   where valid_from <= %(at)s and valid_to > %(at)s)
           select count(*), count(*) filter (where due_at >= %(at)s and due_at < %(soon)s)
           from held where submitted_at <= %(at)s and (ended_at is null or ended_at > %(at)s)""",
        {"at": at, "soon": soon},
    ).fetchone()
    assert row
    return row[0], row[1]


def test_at_sixty_random_moments_the_change_is_that_of_a_recount(demo: str, demo_reports: ReportDatabase) -> None:
    rng = np.random.default_rng(26)
    city = read_city(demo_reports, DEMO_NOW)
    rose = {"open": 0, "due_soon": 0}
    with connect(demo) as connection:
        working = working_days(connection)
        for _moment in range(60):
            at = DEMO_NOW - timedelta(days=float(rng.uniform(0, 420)))
            period, weeks = [("7d", 1), ("30d", 4), ("90d", 13)][rng.integers(3)]
            query = {"at": [at.isoformat()], "period": [period]}
            filters = parse_filters(query, reports=demo_reports, city=city, now=DEMO_NOW).filters
            now = figures(demo_reports, filters).iloc[0]
            before = earlier(filters, city.first_submitted_at).counts(demo_reports)
            truly_now, truly_then = (recounted(connection, each, working) for each in (at, at - timedelta(weeks=weeks)))
            for place, figure in enumerate(rose):
                assert (now[figure], before[figure]) == (truly_now[place], truly_then[place]), (figure, at, period)
                rose[figure] += now[figure] > before[figure]
    assert all(10 <= each <= 50 for each in rose.values()), f"one way nearly always: {rose}"


def test_open_is_not_worse_on_every_monday(demo_reports: ReportDatabase) -> None:
    """Against Sunday midnight it rose on each Monday; against Monday it rises on some and falls on others."""
    city = read_city(demo_reports, DEMO_NOW)
    changes = []
    for week in range(20):
        at = datetime(2026, 11, 16, 8, 0, tzinfo=HANOI) - timedelta(weeks=week)
        filters = Filters.of(at=at, zone=HANOI, start=period_start("7d", at, city))
        before = earlier(filters, city.first_submitted_at).counts(demo_reports)
        changes.append(int(figures(demo_reports, filters).iloc[0]["open"]) - before["open"])
    assert 3 <= sum(change > 0 for change in changes) <= 17


@given(some.integers(0, 60), some.integers(0, 60))
@settings(derandomize=True, max_examples=200, deadline=None)
def test_a_count_differs_only_where_the_exact_binomial_test_says_so(now: int, before: int) -> None:
    whole, more = now + before, max(now, before)
    tail = sum(comb(whole, n) for n in range(more, whole + 1)) / 2**whole
    if count_differs(now, before):
        assert tail < CHANCE
    assert bool(count_differs(now, before)) == bool(count_differs(before, now))


@pytest.mark.parametrize(
    ("now", "before", "differs"),
    [(0, 0, False), (3, 0, False), (8, 0, True), (10, 25, False), (8, 30, True), (110, 100, False), (150, 100, True),
     (11_000, 10_000, False), (12_000, 10_000, False), (14_000, 10_000, True)],
)  # fmt: skip
def test_counts_differ_only_beyond_a_steady_citys_variation(now: int, before: int, differs: bool) -> None:
    assert bool(count_differs(now, before)) == differs


@pytest.mark.parametrize(
    ("counts", "differs"),
    [((14, 15, 939, 1000), False), ((5, 15, 939, 1000), True), ((0, 3, 50, 50), True), ((2, 3, 50, 50), False),
     ((80, 100, 81, 100), False), ((60, 100, 85, 100), True), ((0, 0, 5, 10), False), ((5, 10, 0, 0), False),
     ((90_000, 100_000, 91_000, 100_000), False), ((80_000, 100_000, 91_000, 100_000), True)],
)  # fmt: skip
def test_shares_differ_only_beyond_a_steady_citys_variation(counts: tuple[int, int, int, int], differs: bool) -> None:
    assert share_differs(*counts) == differs


@given(some.integers(1, 300), some.integers(1, 300), some.data())
def test_shares_differ_only_where_fishers_exact_test_says_so(
    whole: int, whole_before: int, data: some.DataObject
) -> None:
    part, part_before = data.draw(some.integers(0, whole)), data.draw(some.integers(0, whole_before))
    parts = part + part_before
    ways = [comb(whole, count) * comb(whole_before, parts - count) for count in range(min(whole, parts) + 1)]
    at_most, at_least = Fraction(sum(ways[: part + 1]), sum(ways)), Fraction(sum(ways[part:]), sum(ways))
    if min(at_most, at_least) > CHANCE:
        assert not share_differs(part, whole, part_before, whole_before)
    spread = parts / (whole + whole_before) * (1 - parts / (whole + whole_before))
    spread *= 1 / whole + 1 / whole_before + 2 * SHARE_SPREAD
    if min(at_most, at_least) < CHANCE and abs(part / whole - part_before / whole_before) > 2 * spread**0.5:
        assert share_differs(part, whole, part_before, whole_before)


def test_the_bounds_of_a_median_hold_it_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    for count in (1, 5, 12, 40, 401):
        low, high = (int(rank) for rank in median_bounds(count))
        assert 0 <= low <= high <= count + 1
        drawn = np.sort(rng.random((4000, count)), axis=1)
        drawn = np.pad(drawn, ((0, 0), (1, 0)))  # rank 0: no bound
        drawn = np.pad(drawn, ((0, 0), (0, 1)), constant_values=1)
        assert ((drawn[:, low] <= 0.5) & (drawn[:, high] >= 0.5)).mean() > 0.985
    assert median_bounds(7)[0] == 0
    assert median_bounds(8)[0] == 1


def test_in_a_steady_city_few_changes_are_coloured(new_database: NewDatabase, schema_template: str) -> None:
    url = new_database(schema_template)
    with connect(url) as connection:
        steady_city.build(connection, reports=10_000, seed=26)
    found = steady_city.measure(url, moments=15, seed=26)
    assert sum(found.compared.values()) > 270
    assert found.share() <= steady_city.MOST
    assert found.share(ranking=True) <= steady_city.MOST
    shares: dict[str, Any] = {who: found.share(who) for who in ("city", "district", "unit")}
    assert max(shares.values()) <= steady_city.MOST, shares


def test_a_period_begins_the_compared_moments_own_way() -> None:
    """At exactly midnight a period of seven days starts its seventh."""
    at = datetime(2026, 11, 30, tzinfo=HANOI)
    found = earlier(over(at - 6 * DAY, at), LONG_AGO)
    assert (found.days, found.weeks) == (7, 1)
    assert found.period is not None
    assert found.period.end == at - 7 * DAY + TICK
