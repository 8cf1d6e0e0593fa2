"""How long the database takes for every question of `queries/`, with no answer remembered and a warm disk.

The questions are asked by the functions the pages call, and so with the parameters the pages ask them with. Each is
also asked bare, as the owner of the tables asks it: bound by no row-level security, with nothing masked. What the two
differ by is what access costs. And each is asked of two copies of the city after many changes, which wait for the next
summary in one and are in it in the other (bench/waiting.py).
"""

import math
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Engine, event

from bench.askings import ask_all, choices
from bench.waiting import changed_copies
from queries.engine.database import DatabaseAway, ReportDatabase
from queries.engine.scope import AGGREGATES_ONLY, Scope
from queries.engine.statements import FILES

_TIMES, _TIMES_OF_THE_CLOSE = 3, 9
_QUICK_MS = 50  # what is quicker differs more by chance, and is asked more often
_NEAR = 0.8  # so is what took this part of its goal or more, where chance may decide between under it and over it
_NOT_ASKED = {"definitions", "contact", "note_access", "export_begun", "export_ended"}
"""What is no question; and four that write into the access log."""
_SLOW_MS = 2000  # what takes longer is asked once
GOALS_MS = {"30 days": 100, "365 days": 100, "all": 250}
"""What the slowest answer of a period may take, in milliseconds."""
_OF_ALL_YEARS = {"submitted"}
"""Figures that count what ever came in, whatever the period: what a search looks through. The goal is that of all."""


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
        asked_of = list(choices(reports))
    with ExitStack() as stack:
        copies = stack.enter_context(changed_copies(url, waiting)) if waiting else ()
        for period, chosen, filters in asked_of:
            began = time.perf_counter()
            with ExitStack() as asking:  # each remembers nothing yet
                reports, bare = asking.enter_context(closing(Listening(url))), asking.enter_context(closing(Bare(url)))
                changed = [asking.enter_context(closing(Listening(copy))) for copy in copies]
                for each in (reports, *changed):
                    ask_all(each, filters)
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
