"""Differencing: nobody who may not read the cases can tell single reports from the counts they are shown.

The attacker knows the rule (docs/access.md, "Small numbers") and the code: of each published count they know the least
and the most reports it stands for. They ask for two counts of which one holds the other: with one choice more, over a
longer period, a minute later, the part of a figure beside its whole. What lies between is at least the least of the one
minus the most of the other. A report is isolated where that proves one to four reports to be there.
"""

import ast
import random
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from bench.official import Official
from queries import backlog, days, overdue, published, signals, small_numbers, units
from queries import map as map_queries
from queries.accounts import Account
from queries.cases import FIGURES as LISTED
from queries.cases import case_count
from queries.database import ReportDatabase
from queries.figures import COUNTS as FIGURE_NAMES
from queries.figures import RATES, STANDING, City, Dimension, city, figures, names, timed, with_sums
from queries.filters import FIELDS, SEVERITIES, TICK, Filters
from queries.period import hours
from queries.scope import COUNTS, EVERYTHING, FIGURES, NOTHING, Scope, cases_of
from queries.small_numbers import KEY_VARIABLE, STEP, closed, coarsened, rounded, settled
from reportdb.connection import connect
from reportdb.demo import build_demo
from tests.access import HEADER, proxied
from tests.conftest import DEMO_NOW, NewDatabase
from ui import screens, wall
from ui.access import Stranger
from ui.viewing import Viewing
from ui.words import rounding, speaking

ROOT = Path(__file__).parents[1]

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
PAIRS = 10_000
OF_THE_PERIOD = {
    "received",
    "resolved_on_time",
    "resolved_late",
    "resolved_no_deadline",
    "refused",
    "rated",
    "satisfied",
}
"""Figures that grow where the period does, as the same moment sees it."""
HEADS_UNITS = 2


@pytest.fixture(scope="module")
def reports(demo: str) -> Iterator[ReportDatabase]:
    """The demonstration city."""
    with closing(ReportDatabase(demo)) as opened:
        yield opened


@pytest.fixture(scope="module")
def hanoi(reports: ReportDatabase) -> City:
    """Its facts."""
    return city(reports, DEMO_NOW)


@pytest.fixture(scope="module")
def head(reports: ReportDatabase) -> Scope:
    """A head of two units that hold a good many reports."""
    table = figures(reports, Filters.of(at=DEMO_NOW, zone=city(reports, DEMO_NOW).zone), by="unit").dropna(subset="key")
    busiest = table.sort_values("received", ascending=False)["key"].astype(int).tolist()
    return cases_of(tuple(busiest[3 : 3 + HEADS_UNITS]))


@dataclass(frozen=True)
class Told:
    """One published count as the attacker reads it, and what it is in truth: `least` to `most`, `truth` (reports)."""

    least: int
    most: int
    truth: int


NOT_TOLD = Told(0, STEP, 0)
"""A row that is not there, of a figure that counts nothing in it."""


class Attacker:
    """Asks as somebody who may not read the cases; knows the truth beside, to judge what was found out."""

    def __init__(self, reports: ReportDatabase, zone: Any, scope: Scope, seed: int) -> None:
        self.reports, self.zone, self.scope = reports, zone, scope
        self.odd = random.Random(seed)
        self.members: dict[str, list[int]] = {
            one: [int(key) for key in names(reports, one).index] for one in DIMENSIONS
        }

    def filters(self) -> Filters:
        """Return random filters: any minute of two months, a period that ends at any minute, up to two choices."""
        at = DEMO_NOW - timedelta(minutes=self.odd.randrange(60 * 24 * 60))
        start = at - timedelta(minutes=self.odd.randrange(1, 90 * 24 * 60))
        end = None if self.odd.random() < 0.5 else start + (at - start) * self.odd.random()
        chosen: dict[str, Any] = {}
        for name in self.odd.sample([*DIMENSIONS, "severity"], self.odd.choice([0, 0, 1, 1, 2])):
            if name not in self.members:
                chosen["severities"] = tuple(sorted(self.odd.sample(SEVERITIES, self.odd.choice([1, 2]))))
            else:
                chosen[FIELDS[name]] = tuple(sorted(self.odd.sample(self.members[name], self.odd.choice([1, 1, 1, 2]))))
        return Filters.of(at=at, zone=self.zone, start=start, end=end, scope=self.scope, **chosen)

    def neighbour(self, wide: Filters) -> tuple[Filters, set[str]]:
        """Return filters a little narrower, and the figures that count no more with them."""
        free = [name for name in DIMENSIONS if not getattr(wide, FIELDS[name])]
        way = self.odd.choice(["choice", "start", "end", "square"])
        if way == "choice" and free:
            name = self.odd.choice(free)
            return wide.choosing(**{FIELDS[name]: (self.odd.choice(self.members[name]),)}), set(FIGURE_NAMES)
        if way == "square" and not wide.square:
            west, south = 105_700 + self.odd.randrange(200), 20_900 + self.odd.randrange(200)
            return replace(wide, square=(west, south, west + 40, south + 40)), set(FIGURE_NAMES)
        by = timedelta(minutes=self.odd.choice([1, 1, 10, 60, 600, 1440, 3000]))
        if way == "end":
            return wide.within(end=max(wide.start, wide.end - by)), OF_THE_PERIOD
        return wide.within(start=min(wide.end, wide.start + by)), OF_THE_PERIOD

    def ask(self, filters: Filters, by: Dimension | None) -> dict[tuple[Any, str], Told]:
        """Return what is told of each row and figure; of reports that a head may read, nothing is to be found out."""
        told = self._counts(filters, by)
        truth = self._truth(filters.choosing(scope=FIGURES), by)
        if filters.scope.counts_all:
            return {key: Told(count, count, count) for key, count in told.items()}
        if filters.exact:
            return dict.fromkeys(told, Told(0, 0, 0))
        mine = self._mine(filters, by)
        cells = 1
        for field in (*FIELDS.values(), "severities"):
            cells *= max(1, len(getattr(filters, field)))
        found = {}
        for key in {*told, *truth}:
            # A sum of figures is told as the sum of what is told of each.
            parts = cells * {"satisfied": 2, "rated": 3}.get(key[1], 1)
            own, exact = mine.get(key, 0), truth.get(key, 0)
            low = told.get(key, 0) - own
            found[key] = Told(low, low + STEP * parts, exact - own)
        return found

    def _mine(self, filters: Filters, by: Dimension | None) -> dict[tuple[Any, str], int]:
        """Return what a head is told exactly: of what they ask for, what their own units hold."""
        own = self.scope.units if not filters.units else tuple(set(filters.units) & set(self.scope.units))
        if not own:
            return {}
        return self._truth(filters.choosing(units=own), by)

    def _truth(self, filters: Filters, by: Dimension | None) -> dict[tuple[Any, str], int]:
        """Return the exact counts of what a published one speaks of: at the full hour, or at the period's end."""
        coarse = coarsened(self.reports, filters)
        standing, period = self._counts(coarse, by), self._counts(closed(coarse), by)
        of_period = {key: count for key, count in period.items() if key[1] not in STANDING}
        return {key: count for key, count in standing.items() if key[1] in STANDING} | of_period

    def _counts(self, filters: Filters, by: Dimension | None) -> dict[tuple[Any, str], int]:
        table = figures(self.reports, filters, by=by)
        keys = [None if pd.isna(key) else int(key) for key in table["key"]]
        return {
            (key, name): int(count)
            for name in FIGURE_NAMES
            for key, count in zip(keys if by else [None] * len(keys), table[name], strict=True)
        }


def pairs(attacker: Attacker, wanted: int) -> Iterator[tuple[str, Told, Told]]:
    """Yield pairs of counts, the narrower one first, with how they were asked for."""
    found = 0
    while found < wanted:
        wide = attacker.filters()
        by = attacker.odd.choice([None, *DIMENSIONS])
        narrow, smaller = attacker.neighbour(wide)
        answers = attacker.ask(narrow, by), attacker.ask(wide, by)
        both = [(key, figure) for key, figure in answers[1] if figure in smaller and (key, figure) in answers[0]]
        both = attacker.odd.sample(both, min(len(both), 400))
        for cell in both:
            yield f"{cell} of {narrow} in {wide}", answers[0][cell], answers[1][cell]
        parts = [
            (key, part, whole)
            for key in {key for key, _figure in answers[1]}
            for part, whole in [
                *(pair for pair in RATES.values() if set(pair) <= set(FIGURE_NAMES)),
                ("urgent", "open"),
            ]
        ]
        for key, part, whole in attacker.odd.sample(parts, min(len(parts), 150)):
            told = [answers[1].get((key, one), NOT_TOLD) for one in (part, whole)]
            yield f"{part} in {whole} of {key}, {wide}", told[0], told[1]
            found += 1
        found += len(both)


def isolates(narrow: Told, wide: Told) -> bool:
    """Whether two counts prove that there are reports between them, where there are one to four."""
    return wide.least - narrow.most >= 1 and 1 <= wide.truth - narrow.truth < STEP


def is_single(one: Told) -> bool:
    """Whether a count alone proves that there are reports, where there are one to four."""
    return one.least >= 1 and 1 <= one.truth < STEP


@pytest.mark.parametrize("who", ["viewer", "head"])
def test_ten_thousand_pairs_of_counts_isolate_nobody(
    reports: ReportDatabase, hanoi: City, head: Scope, who: str
) -> None:
    attacker = Attacker(reports, hanoi.zone, NOTHING if who == "viewer" else head, seed=27)
    compared = close = 0
    isolated = []
    for said, narrow, wide in pairs(attacker, PAIRS):
        for one in (narrow, wide):
            assert one.least <= one.truth <= one.most, said
        compared += 1
        close += 1 <= wide.truth - narrow.truth < STEP
        if isolates(narrow, wide) or is_single(narrow) or is_single(wide):
            isolated.append((said, narrow, wide))
    assert compared >= PAIRS
    assert close > 500, "too few of the pairs had one to four reports between them to show anything"
    assert isolated == []


def test_the_same_attack_on_exact_counts_finds_hundreds(reports: ReportDatabase, hanoi: City) -> None:
    attacker = Attacker(reports, hanoi.zone, FIGURES, seed=27)
    assert sum(isolates(narrow, wide) for _said, narrow, wide in pairs(attacker, 2_000)) > 100


@pytest.mark.parametrize("who", ["viewer", "head"])
def test_sums_of_parts_taken_from_a_total_isolate_nobody(
    reports: ReportDatabase, hanoi: City, head: Scope, who: str
) -> None:
    attacker = Attacker(reports, hanoi.zone, NOTHING if who == "viewer" else head, seed=28)
    tried = 0
    for _turn in range(60):
        wide = attacker.filters()
        by = attacker.odd.choice([one for one in DIMENSIONS if not getattr(wide, FIELDS[one])])
        total, rows = attacker.ask(wide, None), attacker.ask(wide, by)
        for figure in FIGURE_NAMES:
            parts = {key: told for (key, name), told in rows.items() if name == figure}
            keys = list(parts)
            for _try in range(5):
                left = set(attacker.odd.sample(keys, min(len(keys), attacker.odd.choice([1, 1, 2, 3]))))
                others = [told for key, told in parts.items() if key not in left]
                truth = total[None, figure].truth - sum(told.truth for told in others)
                tried += 1 <= truth < STEP
                assert not (total[None, figure].least - sum(told.most for told in others) >= 1 and 1 <= truth < STEP)
    assert tried > 200


def test_moments_a_minute_apart_are_told_alike_within_an_hour(reports: ReportDatabase, hanoi: City) -> None:
    at = settled(DEMO_NOW - timedelta(days=3), hanoi.zone)
    start = at - timedelta(days=30)
    asked = [Filters.of(at=at + timedelta(minutes=n), zone=hanoi.zone, start=start, scope=NOTHING) for n in range(60)]
    told = [figures(reports, filters, by="ward") for filters in asked]
    assert all(one.equals(told[0]) for one in told)
    exact = [figures(reports, filters.choosing(scope=FIGURES), by="ward") for filters in asked[::20]]
    assert not all(one.equals(exact[0]) for one in exact), "nothing happened in this hour"


@pytest.mark.parametrize("count", range(60))
def test_every_published_number_may_stand_for_six_counts(count: int) -> None:
    told = {rounded(count, coin) for coin in (0, 1)}
    assert told == ({count, max(0, count - STEP)} if count % STEP == 0 else {count // STEP * STEP})
    assert all(number <= count <= number + STEP for number in told)


def test_both_sides_of_the_coin_fall_and_the_same_count_is_always_told_alike(
    reports: ReportDatabase, hanoi: City
) -> None:
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


def test_several_choices_are_told_as_the_sum_of_each(reports: ReportDatabase, hanoi: City) -> None:
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
            for part, whole in [*RATES.values(), ("urgent", "open"), ("seriously_overdue", "overdue")]:
                assert (table[part] <= table[whole]).all(), (part, whole)
            if by is not None:  # as the sentence says: a total differs from its parts by no more than a step for each
                total = figures(reports, asked)
                for figure in FIGURE_NAMES:
                    apart = int(total[figure].iloc[0]) - int(table[figure].sum())
                    cells = len(names(reports, by)) + 1
                    assert -3 * STEP <= apart <= 3 * STEP * cells, figure


def test_a_period_that_has_ended_is_told_alike_whenever_it_is_asked_for(reports: ReportDatabase, hanoi: City) -> None:
    """Else the coins of a hundred moments tell which counts are multiples of five."""
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


def test_too_many_choices_tell_nothing(reports: ReportDatabase, hanoi: City) -> None:
    viewer = Filters.of(at=DEMO_NOW, zone=hanoi.zone, scope=NOTHING)
    narrow = viewer.choosing(districts=(1,), categories=(1,), severities=("normal",))
    assert figures(reports, narrow)["received"].iloc[0] > 0
    assert figures(reports, narrow.choosing(channels=(1,)))["received"].iloc[0] == 0
    assert figures(reports, narrow, by="channel").empty
    every = viewer.choosing(wards=tuple(int(key) for key in names(reports, "ward").index))
    assert figures(reports, every)["received"].iloc[0] == 0


def every_number(told: Any) -> list[int]:
    """Return the counts in what a query told."""
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
def test_every_query_tells_a_viewer_multiples_of_five_and_a_leader_the_truth(
    reports: ReportDatabase, hanoi: City, query: str
) -> None:
    leader = Filters.of(at=DEMO_NOW, zone=hanoi.zone, start=DEMO_NOW - timedelta(days=60), scope=EVERYTHING)
    told = every_number(QUERIES[query](reports, leader.choosing(scope=NOTHING)))
    assert all(number % STEP == 0 for number in told)
    exact = every_number(QUERIES[query](reports, leader))
    assert exact == every_number(QUERIES[query](reports, leader.choosing(scope=FIGURES)))
    if query not in ("flags", "words", "signals by unit"):  # the demonstration city publishes nothing of its own
        assert any(number % STEP for number in exact)


def test_a_viewer_is_told_of_no_single_report_by_its_age_or_its_time(reports: ReportDatabase, hanoi: City) -> None:
    viewer = Filters.of(at=DEMO_NOW, zone=hanoi.zone, start=DEMO_NOW - timedelta(days=60), scope=NOTHING)
    assert backlog.backlog(reports, viewer, since=SINCE, by="unit")["oldest"].isna().all()
    late = overdue.overdue(reports, viewer, by="unit")
    assert late[["oldest_hours", "oldest_code"]].isna().all(axis=None)
    steps = {1, 2, 4, 8, 12, 24, 48, 72, 120, 168, 240, 336, 480, 720, 1080, 1440, 2160}
    taken = hours(reports, viewer, by="ward")
    assert set(taken["median_hours"]) <= steps
    few = figures(reports, viewer, by="ward").set_index("key")
    assert (few.loc[taken["key"], ["resolved_on_time", "resolved_late"]].sum(axis=1) > 0).all()


def test_a_head_is_told_the_truth_of_the_own_units(reports: ReportDatabase, hanoi: City, head: Scope) -> None:
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


def test_a_query_that_forgets_the_rule_fails(hanoi: City, head: Scope) -> None:
    leader = Filters.of(at=DEMO_NOW, zone=hanoi.zone, start=DEMO_NOW - timedelta(days=60), scope=EVERYTHING)
    assert leader.parameters()["scope"] == COUNTS
    for scope in (NOTHING, head):
        with pytest.raises(PermissionError):
            leader.choosing(scope=scope).parameters()
        assert leader.choosing(scope=scope).case_parameters()["scope"] == scope
    assert leader.choosing(scope=head, units=head.units[:1]).parameters()["scope"] == COUNTS
    with pytest.raises(PermissionError):
        leader.choosing(scope=head, units=(*head.units, 1)).parameters()


def test_only_the_rule_asks_for_exact_counts_on_behalf_of_others() -> None:
    """Elsewhere the scope that counts everything is named only where no viewer's filters are at hand."""
    known = {"database.py", "filters.py", "scope.py", "small_numbers.py", "urgent.py"}
    named = {
        file.name
        for file in (ROOT / "queries").glob("*.py")
        if re.search(r"scope import .*\bCOUNTS\b", file.read_text())
    }
    assert named | {"scope.py"} == known
    for file in [*(ROOT / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        text = file.read_text()
        assert not re.search(r"scope import .*\bCOUNTS\b", text), file.name
        assert "Filters.of(" not in text or file.name == "asked.py", f"{file.name} makes filters of its own"
        for call in ast.walk(ast.parse(text)):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "asked":
                assert "scope" in {word.arg for word in call.keywords}, f"{file.name} asks for nobody"


PAGES = {
    "": "",
    "map": "show=density",
    "backlog": "by=ward&rows=all",
    "overdue": "ranking=naive",
    "unit": "unit=so-xay-dung",
    "definitions": "",
    "wall": "",
}
DATA = (
    "map/areas/ward.geojson?measure=backlog",
    "map/areas/ward.geojson?measure=overdue",
    "map/areas/district.geojson?measure=time",
    "map/squares.json?count=open",
    "map/squares.json?count=received",
)


def test_no_exact_count_reaches_a_viewers_browser(
    new_database: NewDatabase, schema_template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Not in a panel, not in a chart, not in what a map fetches; a leader's browser has them in each."""
    url = new_database(schema_template)
    with connect(url) as connection:
        build_demo(connection, reports=3_000, seed=27, now=datetime.now(UTC).replace(microsecond=0))
        for role in ("viewer", "leader"):
            connection.execute("insert into app_user values (%s, %s, %s, null, now(), null)", [role, role, role])
    found: dict[str, dict[str, list[int]]] = {"viewer": {}, "leader": {}}
    with proxied(url, tmp_path_factory.mktemp("small")) as address:
        for role, told in found.items():
            for page, query in PAGES.items():
                with Official(address, {HEADER: role}) as official:
                    words = official.open(page, query)
                    told[f"panels of /{page}"] = counted(words, r'data-figure=\\*"\w+\\*"[^>]*>([\d.]+)<')
                    if page in ("", "backlog", "unit"):
                        drawn = re.findall(r'\\*"y\\*":\s*\[([\d,\s]+)\]', words)
                        told[f"chart of /{page}"] = [int(one) for each in drawn for one in each.split(",")]
                    told.setdefault("wall", []).extend(counted(words, r'figures\\*">(\d+)<') if page == "wall" else [])
            for path in DATA:
                answer = official_get(address, role, path)
                told[path] = counted(answer, r'"raw":"(\d+)(?:/\d+)?"') + counted(answer, r'"(\d+) (?:phản ánh|report)')
    del found["viewer"]["panels of /wall"], found["leader"]["panels of /wall"]
    for where, numbers in found["leader"].items():
        assert any(number % STEP for number in numbers), f"nothing was found to look at: {where}"
    for where, numbers in found["viewer"].items():
        assert [number for number in numbers if number % STEP] == [], where
    assert sum(map(len, found["viewer"].values())) > 300


def counted(words: str, pattern: str) -> list[int]:
    return [int(one.replace(".", "")) for one in re.findall(pattern, words)]


def official_get(address: str, role: str, path: str) -> str:
    return Official(address, {HEADER: role}).get("/" + path).words


def test_a_wall_without_a_token_tells_its_viewer_no_more_than_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "screens", lambda: None)
    people = (
        Account("somebody", "", "viewer", NOTHING),
        Account("somebody", "", "unit_head", cases_of((1,))),
        Account("somebody", "", "leader", EVERYTHING),
    )
    seen_by = {one.role: wall._for(one, {}) for one in people}
    assert {role: screen and screen.audience for role, screen in seen_by.items()} == {
        "viewer": "public",
        "unit_head": "public",
        "leader": "leadership",
    }
    hall = screens.WallScreen(name="hall", token_sha256="0" * 64)
    monkeypatch.setattr(screens, "opened", lambda _query, **_near: hall)
    assert wall._for(Stranger(None, "signed_out"), {}) is hall


@pytest.mark.parametrize("audience", screens.AUDIENCES)
def test_a_public_wall_tells_of_no_single_case(reports: ReportDatabase, hanoi: City, audience: str) -> None:
    public = audience == "public"
    filters = Filters.of(
        at=DEMO_NOW, zone=hanoi.zone, start=DEMO_NOW - timedelta(days=30), scope=NOTHING if public else FIGURES
    )
    seen = Viewing(reports, hanoi, filters, live=True, query={}, page="wall")
    with speaking("en"), rounding(public):
        told = wall.content(seen, screens.WallScreen(audience=audience))
    html = {scene["name"]: scene["html"] for scene in told["scenes"]}
    assert ("newest" in html) is not public
    marked = re.search(r'<circle class="wall-(arrival|urgent[^"]*)" cx="[^"]*" cy="[^"]*" r="(11|6.5)"', html["map"])
    assert (marked is not None) is not public
    assert not (public and told["ticker"])
    numbers = [int(one.replace(",", "")) for one in re.findall(r'figures(?: \w+)?">([\d,]+)<', "".join(html.values()))]
    assert len(numbers) > 20
    assert all(one % STEP == 0 for one in numbers) is public
