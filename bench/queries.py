"""How long the database takes for every question of `queries/`, without cached answers and with a warm disk.

The pages' own functions ask the questions, and so with the pages' parameters. Each is also asked bare, as the tables'
owner: without row-level security and masking. The difference is the cost of access control. And each is asked of two
copies of the city after many changes, which wait for the next summary in one and are part of it in the other
(bench/waiting.py).
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
_QUICK_MS = 50  # faster questions vary more by chance and are repeated more often
_NEAR = 0.8  # so are those at this part of their goal or more, where chance may decide
_NOT_ASKED = {"definitions", "contact", "note_access", "export_begun", "export_ended"}
"""What is no question; and four that write into the access log."""
_SLOW_MS = 2000  # slower questions are asked once
GOALS_MS = {"30 days": 100, "365 days": 100, "all": 250}
"""The goal for the slowest answer of a period, in milliseconds."""
_OF_ALL_YEARS = {"submitted"}
"""Figures that count all reports in any period, such as a search's; the goal of "all" applies."""


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
    """The median times of one question: as asked, bare, and after many changes, waiting for the summary or part of it;
    in milliseconds, infinite after a timeout, NaN if not asked so.

    A question that is asked only because changes wait has no other time.
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
        """Its time as a part of its goal."""
        return self.milliseconds / _goal(self.asked, self.period)


def _goal(asked: Asked, period: str) -> int:
    return GOALS_MS["all" if asked.figure in _OF_ALL_YEARS else period]


class Listening(ReportDatabase):
    """A report database that records the questions."""

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
        """Record the question and answer it."""
        self.asked.append(Asked(question, figure, order, scope, tuple(sorted(parameters.items()))))
        return super().ask_now(question, figure=figure, order=order, scope=scope, **parameters)

    def poll(self, question: str, scope: Scope = AGGREGATES_ONLY, **parameters: Any) -> pd.DataFrame:
        """Record the question and answer it."""
        self.asked.append(Asked(question, "true", "newest", scope, tuple(sorted(parameters.items()))))
        return super().poll(question, scope, **parameters)


class Bare(ReportDatabase):
    """A report database that answers as its owner: every row, unmasked, without taking a role."""

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
    """Time every question (or the one named) for each period, with and without filters; with `waiting` changes also in
    a copy of the city where so many wait for the summary.

    Calls back with the results so far after each choice of filters.

    Raises SystemExit if the database is empty, or if no function of `queries/` asks one of its files.
    """
    found: list[Measured] = []
    met = set()
    with closing(ReportDatabase(url)) as reports:
        asked_of = list(choices(reports))
    with ExitStack() as stack:
        copies = stack.enter_context(changed_copies(url, waiting)) if waiting else ()
        for period, chosen, filters in asked_of:
            began = time.perf_counter()
            with ExitStack() as asking:  # each with an empty cache
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
        raise SystemExit(f"bench/queries.py does not ask {', '.join(sorted(missing))}")
    return found


def _asked_besides(waiting: list[Asked], summarised: list[Asked]) -> list[Asked]:
    """Return the questions that are timed only while changes wait."""
    more = Counter(one.question for one in dict.fromkeys(waiting))
    more.subtract(one.question for one in dict.fromkeys(summarised))
    found = []
    for asked in dict.fromkeys(waiting):
        if more[asked.question] > 0 and asked not in summarised:
            more[asked.question] -= 1
            found.append(asked)
    return found


def _milliseconds(asked: Asked, goal: int, *databases: ReportDatabase) -> list[float]:
    """Return a question's median times on several databases, asked in rotating order.

    A slow first round, which may have waited for the disk, is not counted.
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
    """Return each database's time for one call, in milliseconds; infinite after a timeout."""
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
        except DatabaseAway:  # longer than the dashboard's timeout
            taken.append(math.inf)
    return taken
