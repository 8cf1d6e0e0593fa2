"""How long the database takes for every question of `queries/`, with no answer remembered and a warm disk.

The questions are asked by the functions the pages call, and so with the parameters the pages ask them with. Each is
also asked bare, as the owner of the tables asks it: bound by no row-level security, with nothing masked. What the two
differ by is what access costs. And each is asked of two copies of the city after many changes, which wait for the next
summary in one and are in it in the other (bench/waiting.py).
"""

import json
import math
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pandas as pd
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url

from bench.waiting import changed_copies
from queries.access import accounts, record
from queries.cases import cases, report, search, urgent
from queries.engine.database import DatabaseAway, ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ADMINISTRATION, AGGREGATES_ONLY, Scope, cases_of
from queries.engine.statements import FILES, sql
from queries.figures import backlog, days, figures, overdue, published, signals
from queries.health import changes, server
from queries.health.server import MOST_WAITING
from queries.places import map as maps
from queries.registry.registry import FIGURES
from queries.rules import calendar, deadlines, rules
from queries.units import units
from ui.map.map_routes import ARRIVED_WITHIN, COUNTED

_TIMES, _TIMES_OF_THE_CLOSE = 3, 9
_QUICK_MS = 50  # what is quicker differs more by chance, and is asked more often
_NEAR = 0.8  # so is what took this part of its goal or more, where chance may decide between under it and over it
_NOT_ASKED = {"definitions", "contact", "note_access", "export_begun", "export_ended"}
"""What is no question; and four that write into the access log."""
_SELDOM = "den duong hong chua boc"  # each word is common, and all together are not
_IN_EVERY_ORDER = ("submitted", "open", "overdue", "received", "resolved", "fell_due")
_SLOW_MS = 2000  # what takes longer is asked once
GOALS_MS = {"30 days": 100, "365 days": 100, "all": 250}
"""What the slowest answer of a period may take, in milliseconds."""
_OF_ALL_YEARS = {"submitted"}
"""Figures that count what ever came in, whatever the period: what a search looks through. The goal is that of all."""
GOAL_ACCESS = 1.2
"""What a question may take as its asker is held to ask it, of what it takes bare."""
GOAL_WAITING = 1.5
"""What a question may take while changes wait for the next summary, of what it takes while none does."""
_ADMINISTRATOR = accounts.Account("bench", "", "admin", ADMINISTRATION)
_TIMED: tuple[figures.Dimension | None, ...] = (None, "district", "ward")  # a page's own, and what a map colours


@dataclass(frozen=True)
class Asked:
    """One question with its parameters, as a page asks it."""

    question: str
    figure: str
    order: str
    scope: Scope
    parameters: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Measured:
    """The median time of one question, of the same asked bare, and of the same after many changes, while they wait for
    the summary and when they are in it; in milliseconds, infinite where given up, not a number where not asked so.

    What is asked only because changes wait has no time but that.
    """

    asked: Asked
    period: str
    filters: str
    milliseconds: float
    bare: float
    waiting: float = math.nan
    summarised: float = math.nan

    @property
    def part_of_goal(self) -> float:
        """What it took, as a part of what it may take."""
        return self.milliseconds / _goal(self.asked, self.period)


def _goal(asked: Asked, period: str) -> int:
    return GOALS_MS["all" if asked.figure in _OF_ALL_YEARS else period]


class Listening(ReportDatabase):
    """A report database that notes what it is asked."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked: list[Asked] = []

    def ask_now(
        self,
        question: str,
        *,
        figure: str = "true",
        order: str = "newest",
        scope: Scope = AGGREGATES_ONLY,
        **parameters: Any,
    ) -> pd.DataFrame:
        """Note the question, and answer it."""
        self.asked.append(Asked(question, figure, order, scope, tuple(sorted(parameters.items()))))
        return super().ask_now(question, figure=figure, order=order, scope=scope, **parameters)

    def poll(self, question: str, scope: Scope = AGGREGATES_ONLY, **parameters: Any) -> pd.DataFrame:
        """Note the question, and answer it."""
        self.asked.append(Asked(question, "true", "newest", scope, tuple(sorted(parameters.items()))))
        return super().poll(question, scope, **parameters)


class Bare(ReportDatabase):
    """A report database that answers as its owner: every row, as it was written, and no role to be taken on first."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        event.listen(self._engine, "connect", lambda connection, _record: connection.execute("set role none"))

    def _ask(
        self,
        engine: Engine,
        question: str,
        statement: str,
        given: Mapping[str, Any],
        scope: Scope,  # noqa: ARG002
        *,
        reader: str = "",  # noqa: ARG002
        on_record: bool = False,
    ) -> pd.DataFrame:
        words = "(select * from report) as report_text"
        statement = statement.replace("report_text", words).replace("report_step", "report_event")
        within = {"within_units": False} if "within_units" in given else {}
        return super()._ask(engine, question, statement, dict(given) | within, AGGREGATES_ONLY, on_record=on_record)


def measure(
    url: str, done: Callable[[str, list[Measured]], None], only: str | None = None, waiting: int = 0
) -> list[Measured]:
    """Ask every question (or the one named) for each period, with and without filters, and time the answers; with
    `waiting` changes also in a copy of the city where so many wait for the summary.

    What is measured so far is handed over after each choice of filters.

    Raises SystemExit where the database is empty, and where no function of `queries/` asks one of its files.
    """
    found: list[Measured] = []
    met = set()
    with closing(ReportDatabase(url)) as reports:
        choices = list(_choices(reports))
    with ExitStack() as stack:
        copies = stack.enter_context(changed_copies(url, waiting)) if waiting else ()
        for period, chosen, filters in choices:
            began = time.perf_counter()
            with ExitStack() as asking:  # each remembers nothing yet
                reports, bare = asking.enter_context(closing(Listening(url))), asking.enter_context(closing(Bare(url)))
                changed = [asking.enter_context(closing(Listening(copy))) for copy in copies]
                for each in (reports, *changed):
                    _ask_all(each, filters)
                for asked in dict.fromkeys(reports.asked):
                    met.add(asked.question)
                    if only in (None, asked.question):
                        times = _milliseconds(asked, _goal(asked, period), reports, bare)
                        times += _milliseconds(asked, _goal(asked, period), *changed) if changed else []
                        found.append(Measured(asked, period, chosen, *times))
                for asked in _asked_besides(*(each.asked for each in changed)) if changed else []:
                    if only in (None, asked.question):
                        took = _milliseconds(asked, _goal(asked, period), changed[0])[0]
                        found.append(Measured(asked, period, chosen, 0, 0, took, 0))
            done(f"{period}, filters: {chosen}: {time.perf_counter() - began:.0f} s", found)
    if missing := set(FILES) - met - _NOT_ASKED:
        raise SystemExit(f"bench/queries.py asks nothing of {', '.join(sorted(missing))}")
    return found


def _asked_besides(waiting: list[Asked], summarised: list[Asked]) -> list[Asked]:
    """Return the variants of a question file that are timed only while changes wait."""
    more = Counter(one.question for one in dict.fromkeys(waiting))
    more.subtract(one.question for one in dict.fromkeys(summarised))
    found = []
    for asked in dict.fromkeys(waiting):
        if more[asked.question] > 0 and asked not in summarised:
            more[asked.question] -= 1
            found.append(asked)
    return found


def _choices(reports: ReportDatabase) -> Iterator[tuple[str, str, Filters]]:
    known = figures.city(reports, datetime.now(UTC))
    at, zone = known.last_submitted_at, known.zone
    if at is None:
        raise SystemExit("The database holds no reports: python -m reportdb demo --reports 10000000 --data DIR")
    whole = Filters.of(at=at, zone=zone, start=at - timedelta(days=30))
    midnight = datetime.combine(at.astimezone(zone).date(), datetime.min.time(), zone)
    unit, category, district = (
        int(figures.figures(reports, whole, by=by).dropna(subset="code").sort_values("open")["key"].iloc[-1])
        for by in ("unit", "category", "district")
    )
    starts = {
        "30 days": midnight - timedelta(days=29),
        "365 days": midnight - timedelta(days=364),
        "all": known.first_submitted_at,
    }
    chosen: dict[str, dict[str, Any]] = {
        "none": {},
        "district, category": {"districts": (district,), "categories": (category,)},
        "unit, by its head": {"units": (unit,), "scope": cases_of((unit,))},
    }
    for name, choice in chosen.items():
        for period, start in starts.items():
            filters = Filters.of(scope=ADMINISTRATION, at=at, zone=zone, start=start)
            yield period, name, filters.choosing(**choice)


def _ask_all(reports: ReportDatabase, filters: Filters) -> None:
    """Ask what the pages ask for one choice of filters; what takes too long is measured all the same."""
    week_ago = filters.at - timedelta(days=7)
    newest = cases.cases(reports, filters, figure="open", limit=50)
    case = report.report(reports, filters, str(newest["public_code"].iloc[0])) or {}
    calls: list[Any] = [
        lambda: figures.city(reports, datetime.now(UTC)),
        lambda: changes.changes(reports, datetime.now(UTC), None),
        lambda: figures.last_event(reports, filters.at),
        lambda: server.from_the_future(reports, filters.at),
        lambda: reports.ask_now("feeds"),
        lambda: reports.ask_now("server", most=MOST_WAITING),
        lambda: reports.ask("areas", level="ward"),
        lambda: published.kinds(reports),
        lambda: published.flags(reports, filters),
        lambda: published.published_words(reports, filters),
        lambda: days.days(reports, filters),
        lambda: days.open_at(reports, filters, [week_ago, filters.at]),
        lambda: reports.ask("case_count", figure="open", **filters.parameters() | {"at": week_ago}),
        lambda: overdue.overdue(reports, filters, by="unit"),
        lambda: overdue.city_overdue(reports, filters),
        lambda: units.officers(reports, filters) if filters.units else None,  # of one unit, never of the city
        lambda: units.ratings(reports, filters),
        lambda: units.family(reports, 1),
        lambda: units.duties(reports, filters) if filters.units else None,  # of one unit, too
        lambda: units.heads(reports, filters),
        lambda: signals.signals(reports, filters, filters),
        lambda: signals.signals_by_unit(reports, filters),
        lambda: rules.rules(reports, filters),
        lambda: rules.office_hours(reports, filters),
        lambda: rules.days_off(reports, filters),
        lambda: deadlines.warnings(reports, filters.at),
        lambda: deadlines.path(reports, filters, case["id"]),
        lambda: calendar.calendar_cover(reports, filters.at, filters.zone),
        lambda: report.events(reports, filters, case["id"]),
        lambda: report.worked_minutes(reports, [report.Held(1, filters.at - timedelta(days=3), filters.at)]),
        lambda: report.nearby(reports, filters, case),
        lambda: maps.case(reports, filters, code=case["public_code"]),
        lambda: urgent.urgent(reports, filters, order="worklist", limit=50),
        lambda: accounts.accounts(reports),
        lambda: accounts.listed(reports, _ADMINISTRATOR) if filters.scope == ADMINISTRATION else None,
        lambda: accounts.log(reports, _ADMINISTRATOR, limit=50) if filters.scope == ADMINISTRATION else None,
        lambda: record.volumes(reports, filters.at) if filters.scope == ADMINISTRATION else None,
        lambda: maps.points(reports, _as_many_as_are_drawn(reports, filters)),
        lambda: maps.arrivals(reports, filters, since=filters.at - ARRIVED_WITHIN),
        lambda: cases.working_left(reports, filters, [int(number) for number in newest["id"]]),
    ]
    for by in (None, *get_args(figures.Dimension)):
        calls += [
            lambda by=by: figures.figures(reports, filters, by=by),
            lambda by=by: backlog.backlog(reports, filters, since=week_ago, by=by),
        ]
    calls += [lambda by=by: figures.timed(reports, filters, by=by) for by in _TIMED]
    calls += [lambda by=by: backlog.mix(reports, filters, by=by) for by in ("unit", "district")]
    calls += [lambda figure=figure: maps.squares(reports, filters, figure=figure) for figure in COUNTED]
    for figure in FIGURES:
        calls.append(lambda figure=figure: cases.case_count(reports, filters, figure=figure))
        calls += [
            lambda figure=figure, order=order: cases.case_ids(
                reports, filters, figure=figure, order=order, search=None, limit=50
            )
            for order in (cases.orders(figure) if figure in _IN_EVERY_ORDER else ("newest",))
        ]
    for figure in ("submitted", "resolved"):
        calls.append(lambda figure=figure: _first_of_a_file(reports, filters, figure))
    for typed in ("rac thai", "duong pho dong da", str(case.get("public_code")), "khong co gi", _SELDOM):
        calls.append(lambda typed=typed: _search(reports, filters, typed))
    for call in calls:
        try:
            call()
        except DatabaseAway:
            continue


def _as_many_as_are_drawn(reports: ReportDatabase, filters: Filters) -> Filters:
    """Return the filters with as many districts chosen as may be drawn in points, where the whole city is too much."""
    if filters.districts or cases.readable_count(reports, filters, figure="open") <= maps.MOST_POINTS:
        return filters
    found = figures.figures(reports, filters, by="district").dropna(subset="key").sort_values("open", ascending=False)
    drawn = found[found["open"].cumsum() <= maps.MOST_POINTS]
    return filters.choosing(districts=tuple(int(key) for key in drawn["key"]))


def _first_of_a_file(reports: ReportDatabase, filters: Filters, figure: str) -> None:
    found = cases.listed(reports, filters, figure=figure, order="newest", search=None)
    next(cases.case_parts(reports, filters, found.ids), None)


def _search(reports: ReportDatabase, filters: Filters, typed: str) -> None:
    found = search.search(reports, typed, filters.scope)
    for figure in ("submitted", "open"):
        cases.cases(reports, filters, figure=figure, search=found)


def _milliseconds(asked: Asked, goal: int, *databases: ReportDatabase) -> list[float]:
    """Return the median times of a question on several databases, asked by turns; who was first is last next.

    What took long the first time may have waited for the disk, which is to be warm: that turn is not counted.
    """
    turns = [_turn(asked, databases)]
    if max(turns[0]) > _SLOW_MS:
        turns = [_turn(asked, databases)]
    times = _TIMES_OF_THE_CLOSE if max(turns[-1]) <= _QUICK_MS else _TIMES
    while len(turns) < times and max(turns[-1]) <= _SLOW_MS:
        backwards = len(turns) % 2 == 1
        taken = _turn(asked, databases[::-1] if backwards else databases)
        turns.append(taken[::-1] if backwards else taken)
        if len(turns) == _TIMES and statistics.median(turn[0] for turn in turns) >= _NEAR * goal:
            times = _TIMES_OF_THE_CLOSE
    return [statistics.median(taken) for taken in zip(*turns, strict=True)]


def _turn(asked: Asked, databases: tuple[ReportDatabase, ...]) -> list[float]:
    """Return how long each database took this once, in milliseconds; infinite where it was given up."""
    taken = []
    for database in databases:
        began = time.perf_counter()
        try:
            ReportDatabase.ask_now(
                database,
                asked.question,
                figure=asked.figure,
                order=asked.order,
                scope=asked.scope,
                **dict(asked.parameters),
            )
            taken.append((time.perf_counter() - began) * 1000)
        except DatabaseAway:  # longer than the dashboard waits for an answer
            taken.append(math.inf)
    return taken


def plan(url: str, asked: Asked) -> str:
    """Return what the plan of a question is made of: its node types, and how many pages it reads."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in asked.parameters}
    statement = sql(asked.question, asked.figure, asked.order)
    try:
        with engine.connect() as connection:
            connection.execute(text("set plan_cache_mode = force_custom_plan"))
            sign = text("select set_config('report.scope', signed_scope(:scope, :role), true)")
            connection.execute(sign, {"scope": asked.scope.setting, "role": asked.scope.role})
            connection.execute(text(f"set local role {asked.scope.role}"))
            explained = connection.execute(
                text("explain (analyze, buffers, format json) " + statement),
                {name: value for name, value in given.items() if f":{name}" in statement},
            ).scalar_one()
    finally:
        engine.dispose()
    root = (explained if isinstance(explained, list) else json.loads(explained))[0]["Plan"]
    kinds: Counter[str] = Counter()

    def walk(node: dict[str, Any]) -> None:
        if node.get("Actual Loops"):
            kinds[node["Node Type"] + (f" {node['Index Name']}" if "Index Name" in node else "")] += 1
        for child in node.get("Plans", []):
            walk(child)

    walk(root)
    pages = root.get("Shared Hit Blocks", 0) + root.get("Shared Read Blocks", 0)
    return f"{pages:,} pages; " + ", ".join(kind for kind, _count in kinds.most_common())


def table(url: str, found: list[Measured]) -> str:
    """Return the times as Markdown: the slowest asking of each file, and the plans of the worst five."""
    everything, found = found, [row for row in found if row.milliseconds]
    lines = ["| question | filters | " + " | ".join(f"{period} (≤ {goal})" for period, goal in GOALS_MS.items()) + " |"]
    lines.append("|---|---|" + "---:|" * len(GOALS_MS))
    for question in sorted({row.asked.question for row in found}):
        for filters in dict.fromkeys(row.filters for row in found):
            cells = []
            for period in GOALS_MS:
                which = question, filters, period
                worst = [row for row in found if (row.asked.question, row.filters, row.period) == which]
                cells.append(_cell(max(worst, key=lambda row: row.part_of_goal)) if worst else "")
            lines.append(f"| {question} | {filters} | " + " | ".join(cells) + " |")
    over = [row for row in found if row.part_of_goal > 1]
    lines += ["", f"{len(found)} askings measured, {len(over)} over their goal.", "", "The worst five by plan:", ""]
    for row in sorted(found, key=lambda row: -row.part_of_goal)[:5]:
        asked = row.asked
        lines.append(
            f"- `{asked.question}` ({asked.figure}, {asked.order}; {row.period}; filters: {row.filters}; "
            f"{row.milliseconds:,.0f} ms): {plan(url, asked) if row.milliseconds < math.inf else 'given up'}"
        )
    return "\n".join([*lines, "", *_access(found), "", *_waiting(everything)]) + "\n"


def _access(found: list[Measured]) -> list[str]:
    """Return as Markdown what row-level security and masking cost: each question beside the same asked bare."""
    choices = list(dict.fromkeys(row.filters for row in found))
    lines = ["What access costs: the times of a question's askings together, beside the same asked bare.", ""]
    lines += [
        "| question | with, ms | bare, ms | ratio | " + " | ".join(choices) + " |",
        "|---|" + "---:|" * (3 + len(choices)),
    ]
    for question in sorted({row.asked.question for row in found}):
        rows = [row for row in found if row.asked.question == question and math.inf not in (row.milliseconds, row.bare)]
        parts = [rows, *([row for row in rows if row.filters == choice] for choice in choices)]
        whole, bare = (sum(getattr(row, name) for row in rows) for name in ("milliseconds", "bare"))
        ratios = " | ".join(_ratio(part) for part in parts)
        lines.append(f"| {question} | {whole:,.1f} | {bare:,.1f} | {ratios} |")
    return lines


def _waiting(found: list[Measured]) -> list[str]:
    """Return as Markdown what waiting changes cost: each question beside the same once they are in the summary."""
    found = [row for row in found if not math.isnan(row.waiting)]
    if not found:
        return []
    lines = [
        "What waiting changes cost: a question's askings together, beside the same with the changes in the summary.",
        "",
        "| question | waiting, ms | in the summary, ms | ratio | more askings |",
        "|---|" + "---:|" * 4,
    ]
    over = []
    for question in sorted({row.asked.question for row in found}):
        rows = [row for row in found if row.asked.question == question]
        waiting, without = (sum(getattr(row, name) for row in rows) for name in ("waiting", "summarised"))
        ratio = waiting / without if without else math.inf
        if ratio > GOAL_WAITING:
            over.append(question)
        words = f"**{ratio:.2f}**" if ratio > GOAL_WAITING else f"{ratio:.2f}"
        more = sum(not row.milliseconds for row in rows) or ""
        lines.append(f"| {question} | {waiting:,.1f} | {without:,.1f} | {words} | {more} |")
    lines += ["", f"Over {GOAL_WAITING}: {', '.join(over) or 'none'}. The five that lose most:", ""]
    lines += [
        f"- `{row.asked.question}` ({row.asked.figure}, {row.asked.order}; {row.period}; filters: {row.filters}; by "
        f"{dict(row.asked.parameters).get('by')}): {row.waiting:,.1f} ms, in the summary {row.summarised:,.1f}"
        for row in sorted(found, key=lambda row: row.summarised - row.waiting)[:5]
    ]
    return lines


def _ratio(rows: list[Measured]) -> str:
    if not rows:
        return ""
    ratio = sum(row.milliseconds for row in rows) / sum(row.bare for row in rows)
    return f"**{ratio:.2f}**" if ratio > GOAL_ACCESS else f"{ratio:.2f}"


def _cell(row: Measured) -> str:
    milliseconds = f"{row.milliseconds:,.0f}" if row.milliseconds < math.inf else "given up"
    detail = "" if row.asked.figure == "true" else f" ({row.asked.figure})"
    return f"**{milliseconds}**{detail}" if row.part_of_goal > 1 else milliseconds
