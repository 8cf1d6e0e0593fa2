"""The rule for published counts: what a number may stand for, that it is always the same, and that it adds up."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from queries.cases.cases import case_count
from queries.engine.database import ReportDatabase
from queries.engine.filters import TICK, Filters
from queries.engine.scope import ALL_CASES, FIGURES, NOTHING, Scope, cases_of
from queries.figures import backlog, days, overdue, published, signals
from queries.figures.figures import STANDING, City, city, figures, names, timed, with_sums
from queries.figures.figures import TABLED as FIGURE_NAMES
from queries.figures.period import hours
from queries.places import map as map_queries
from queries.privacy import small_numbers
from queries.privacy.small_numbers import KEY_VARIABLE, STEP, coarsened, rounded, settled
from queries.registry.registry import FIGURES as LISTED
from queries.registry.registry import SHARES
from queries.units import units
from tests.conftest import DEMO_NOW
from tests.differencing import (
    DIMENSIONS,
    HEADS_UNITS,
)


@pytest.fixture(scope="module")
def reports(demo: str) -> Iterator[ReportDatabase]:
    """The demonstration city."""
    with closing(ReportDatabase(demo)) as opened:
        yield opened


@pytest.fixture(scope="module")
def hanoi(reports: ReportDatabase) -> City:
    """Its city row."""
    return city(reports, DEMO_NOW)


@pytest.fixture(scope="module")
def head(reports: ReportDatabase) -> Scope:
    """A head of two units with many reports."""
    table = figures(reports, Filters.of(at=DEMO_NOW, zone=city(reports, DEMO_NOW).zone), by="unit").dropna(subset="key")
    busiest = table.sort_values("received", ascending=False)["key"].astype(int).tolist()
    return cases_of(tuple(busiest[3 : 3 + HEADS_UNITS]))


@pytest.mark.parametrize("count", range(60))
def test_every_published_number_may_stand_for_six_counts(count: int) -> None:
    told = {rounded(count, coin) for coin in (0, 1)}
    assert told == ({count, max(0, count - STEP)} if count % STEP == 0 else {count // STEP * STEP})
    assert all(number <= count <= number + STEP for number in told)


def test_both_coins_occur_and_the_same_count_is_always_published_alike(reports: ReportDatabase, hanoi: City) -> None:
    """In the table, with the filter, in the backlog, by its own figure: one number."""
    viewer = Filters.of(at=DEMO_NOW, zone=hanoi.zone, start=DEMO_NOW - timedelta(days=60), scope=NOTHING)
    table = by_category(figures(reports, viewer, by="category"))
    truth = by_category(figures(reports, viewer.choosing(scope=FIGURES), by="category"))
    since = DEMO_NOW - timedelta(days=7)
    held = by_category(backlog.backlog(reports, viewer, since=since, by="category"))
    mixed = backlog.mix(reports, viewer, by="unit")
    fell = set()
    for key, row in table.items():
        alone = viewer.choosing(categories=(key,))
        for figure in ("open", "overdue", "received"):
            told = row[figure]
            assert int(figures(reports, alone)[figure].iloc[0]) == told
            assert case_count(reports, alone, figure=figure) == told
            if figure != "received":
                assert held[key][figure] == told
            exact = truth[key][figure]
            fell |= {exact - told} if exact % STEP == 0 and exact else set()
        for cell in mixed[mixed["category_id"] == key].head(2).to_dict("records"):
            there = alone.choosing(units=(-1 if pd.isna(cell["key"]) else int(cell["key"]),))
            assert int(figures(reports, there)["open"].iloc[0]) == cell["open"]
    assert fell == {0, STEP}


def by_category(table: pd.DataFrame) -> dict[int, dict[str, int]]:
    rows = table.dropna(subset="key").to_dict("records")
    return {int(row["key"]): {figure: int(row[figure]) for figure in ("open", "overdue", "received")} for row in rows}


def test_several_choices_are_published_as_the_sum_of_each(reports: ReportDatabase, hanoi: City) -> None:
    viewer = Filters.of(at=DEMO_NOW, zone=hanoi.zone, start=DEMO_NOW - timedelta(days=60), scope=NOTHING)
    for some in combinations((1, 2, 3), 2):
        told = figures(reports, viewer.choosing(districts=some))
        each = [figures(reports, viewer.choosing(districts=(one,))) for one in some]
        for figure in FIGURE_NAMES:
            assert told[figure].iloc[0] == sum(one[figure].iloc[0] for one in each)


def test_published_sums_add_up_and_parts_are_no_more_than_their_wholes(
    reports: ReportDatabase, hanoi: City, head: Scope
) -> None:
    for scope in (NOTHING, head):
        for by in (None, *DIMENSIONS):
            asked = Filters.of(at=DEMO_NOW, zone=hanoi.zone, start=DEMO_NOW - timedelta(days=60), scope=scope)
            table = with_sums(figures(reports, asked, by=by))
            assert (
                table["resolved"] == table[["resolved_on_time", "resolved_late", "resolved_no_deadline"]].sum(axis=1)
            ).all()
            assert (table["ended"] == table["resolved"] + table["refused"]).all()
            for part, whole in [
                *((share.part, share.whole) for share in SHARES.values() if share.tabled),
                ("urgent", "open"),
                ("seriously_overdue", "overdue"),
            ]:
                assert (table[part] <= table[whole]).all(), (part, whole)
            if (
                by is not None
            ):  # a total differs from its parts by at most one step for each, as the note on the page says
                total = figures(reports, asked)
                for figure in FIGURE_NAMES:
                    apart = int(total[figure].iloc[0]) - int(table[figure].sum())
                    cells = len(names(reports, by)) + 1
                    assert -3 * STEP <= apart <= 3 * STEP * cells, figure


def test_an_ended_period_is_always_published_alike(reports: ReportDatabase, hanoi: City) -> None:
    """Otherwise the coins of a hundred moments would reveal which counts are multiples of five."""
    start = DEMO_NOW - timedelta(days=40)
    asked = [
        Filters.of(at=at, zone=hanoi.zone, start=start, end=start + timedelta(days=20), scope=NOTHING)
        for at in (DEMO_NOW - timedelta(hours=7 * n) for n in range(20))
    ]
    told = [figures(reports, filters, by="category") for filters in asked]
    period = [name for name in FIGURE_NAMES if name not in STANDING]
    rows = [table[table[period].any(axis=1)].set_index("key")[period] for table in told]
    assert all(one.equals(rows[0]) for one in rows)
    assert not rows[0].empty


def test_too_many_choices_give_no_count(reports: ReportDatabase, hanoi: City) -> None:
    viewer = Filters.of(at=DEMO_NOW, zone=hanoi.zone, scope=NOTHING)
    narrow = viewer.choosing(districts=(1,), categories=(1,), severities=("normal",))
    assert figures(reports, narrow)["received"].iloc[0] > 0
    assert figures(reports, narrow.choosing(channels=(1,)))["received"].iloc[0] == 0
    assert figures(reports, narrow, by="channel").empty
    every = viewer.choosing(wards=tuple(int(key) for key in names(reports, "ward").index))
    assert figures(reports, every)["received"].iloc[0] == 0


def every_number(told: Any) -> list[int]:
    """Return the counts in a query's answer."""
    if isinstance(told, pd.DataFrame):
        plain = {"key", "category_id", "worst_category_id", "lon", "lat", "population"}
        numbers = told.drop(columns=[name for name in told.columns if name in plain]).select_dtypes("integer")
        return [int(one) for one in np.ravel(numbers.to_numpy())]
    if isinstance(told, dict):
        return [int(one) for one in told.values()]
    return [int(one) for one in np.ravel(told)]


SINCE = DEMO_NOW - timedelta(days=7)
QUERIES: dict[str, Callable[[ReportDatabase, Filters], Any]] = {
    "figures": lambda reports, seen: timed(reports, seen, by="ward").drop(columns=["median_hours"]),
    "case counts": lambda reports, seen: [
        case_count(reports, seen, figure=each) for each in LISTED if each[:9] != "published"
    ],
    "backlog": lambda reports, seen: backlog.backlog(reports, seen, since=SINCE, by="unit"),
    "mix": lambda reports, seen: backlog.mix(reports, seen, by="unit"),
    "overdue": lambda reports, seen: overdue.overdue(reports, seen, by="unit"),
    "city overdue": lambda reports, seen: list(overdue.city_overdue(reports, seen)),
    "days": lambda reports, seen: days.days(reports, seen)[0],
    "open squares": lambda reports, seen: map_queries.squares(reports, seen, figure="open"),
    "received squares": lambda reports, seen: map_queries.squares(reports, seen, figure="received"),
    "signals": lambda reports, seen: [
        number for one in signals.signals(reports, seen, seen) for number in (one.part, one.whole, one.city_part)
    ],
    "signals by unit": signals.signals_by_unit,
    "duties": units.duties,
    "ratings": units.ratings,
    "flags": lambda reports, seen: published.crossed(published.flags(reports, seen)),
    "words": published.published_words,
}


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_gives_a_viewer_multiples_of_five_and_a_leader_exact_counts(
    reports: ReportDatabase, hanoi: City, query: str
) -> None:
    leader = Filters.of(at=DEMO_NOW, zone=hanoi.zone, start=DEMO_NOW - timedelta(days=60), scope=ALL_CASES)
    told = every_number(QUERIES[query](reports, leader.choosing(scope=NOTHING)))
    assert all(number % STEP == 0 for number in told)
    exact = every_number(QUERIES[query](reports, leader))
    assert exact == every_number(QUERIES[query](reports, leader.choosing(scope=FIGURES)))
    if query not in ("flags", "words", "signals by unit"):  # the demonstration city publishes nothing of its own
        assert any(number % STEP for number in exact)


def test_ages_and_times_reveal_no_single_report_to_a_viewer(reports: ReportDatabase, hanoi: City) -> None:
    viewer = Filters.of(at=DEMO_NOW, zone=hanoi.zone, start=DEMO_NOW - timedelta(days=60), scope=NOTHING)
    assert backlog.backlog(reports, viewer, since=SINCE, by="unit")["oldest"].isna().all()
    late = overdue.overdue(reports, viewer, by="unit")
    assert late[["oldest_hours", "oldest_code"]].isna().all(axis=None)
    steps = {1, 2, 4, 8, 12, 24, 48, 72, 120, 168, 240, 336, 480, 720, 1080, 1440, 2160}
    taken = hours(reports, viewer, by="ward")
    assert set(taken["median_hours"]) <= steps
    few = figures(reports, viewer, by="ward").set_index("key")
    assert (few.loc[taken["key"], ["resolved_on_time", "resolved_late"]].sum(axis=1) > 0).all()


def test_a_head_gets_exact_counts_of_the_own_units(reports: ReportDatabase, hanoi: City, head: Scope) -> None:
    asked = Filters.of(at=DEMO_NOW, zone=hanoi.zone, start=DEMO_NOW - timedelta(days=60), scope=head)
    own, truth = asked.choosing(units=head.units), asked.choosing(units=head.units, scope=FIGURES)
    for by in (None, *DIMENSIONS):
        assert timed(reports, own, by=by).equals(timed(reports, truth, by=by))
    coarse = coarsened(reports, asked).choosing(scope=FIGURES)
    rows, exact = (figures(reports, one, by="unit") for one in (asked, coarse))
    for unit in head.units:
        told, true = (table[table["key"] == unit][list(FIGURE_NAMES)].to_numpy() for table in (rows, exact))
        assert len(told) == 1
        assert (told == true).all()


def test_the_moment_and_the_period_are_whole_hours_and_days(reports: ReportDatabase, hanoi: City) -> None:
    at = DEMO_NOW + timedelta(minutes=42, seconds=7)
    asked = Filters.of(
        at=at, zone=hanoi.zone, start=at - timedelta(days=3, minutes=5), scope=NOTHING, square=(1, 1, 2, 2)
    )
    found = coarsened(reports, asked)
    assert found.square
    assert found.at == DEMO_NOW.replace(minute=0)
    assert found.end == found.at + TICK
    assert found.start.astimezone(hanoi.zone).strftime("%H:%M:%S") == "00:00:00"
    wide, high = map_queries.grid(reports)
    assert (found.square[0] + 180_000) % wide == (found.square[1] + 90_000) % high == 0
    assert found.square[2] - found.square[0] >= wide


def test_processes_that_share_a_key_draw_the_same_coins(
    reports: ReportDatabase, hanoi: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = Filters.of(at=DEMO_NOW - timedelta(days=1), zone=hanoi.zone, scope=NOTHING)
    told = []
    for key in ("one", "other", "one"):
        monkeypatch.setenv(KEY_VARIABLE, key)
        small_numbers._key.cache_clear()
        reports._memory.forget(settled(viewer.at, hanoi.zone))
        told.append(small_numbers._published(coarsened(reports, viewer), *_of_wards(reports), keep=False))
    small_numbers._key.cache_clear()
    assert told[0].equals(told[2])
    assert not told[0].equals(told[1])


def _of_wards(reports: ReportDatabase) -> tuple[Any, tuple[str, ...], dict[str, str | None]]:
    return lambda seen: figures(reports, seen, by="ward"), ("received", "open"), {"key": "ward"}
