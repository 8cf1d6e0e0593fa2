"""Works out reports from what their files tell, and writes what differs."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import psycopg

from reportdb.deadlines.rules import Rules
from reportdb.deadlines.working_time import WorkingTime
from reportdb.steps.deadlines import work_out_terms
from reportdb.steps.reading import read_told
from reportdb.steps.sequence import give_times, intake, sequence
from reportdb.steps.step import State, Step, Told
from reportdb.steps.told import recomputed_steps, told_anew
from reportdb.steps.versions import course
from reportdb.steps.writing import Retold, write_retold

_REPORTS_AT_A_TIME = 20_000


@dataclass(frozen=True)
class Pending:
    """The imported reports that have told steps, and the deadlines that were recomputed for them."""

    ids: list[int]
    recomputed: Mapping[int, list[Step]]


def pending(connection: psycopg.Connection) -> Pending:
    """Return which reports of the temporary table `changed` must be retold, before an import writes to them."""
    rows = connection.execute("select id from changed join report_as_imported on report_id = id").fetchall()
    ids = [identity for (identity,) in rows]
    return Pending(ids, recomputed_steps(connection, ids) if ids else {})


def retell_pending(connection: psycopg.Connection, reports: Pending, columns: Collection[str], *, at: datetime) -> None:
    """Retell reports of which an import has just written what their file says, in these columns."""
    if reports.ids:
        told_anew(connection, reports.ids, columns)
        retell(connection, reports.ids, at=at, recomputed=reports.recomputed)


def retell(
    connection: psycopg.Connection,
    ids: Collection[int],
    *,
    at: datetime,
    recomputed: Mapping[int, list[Step]],
) -> tuple[int, Counter[str]]:
    """Work out reports that have told steps again, and write what differs; those changed were updated at `at`.

    `recomputed` holds what `recomputed_steps` told of them. Returns how many reports changed, and how many steps were
    left out because they do not fit, by reason. Call it inside a transaction that holds the lock on `report`.
    """
    changed, left_out = 0, Counter[str]()
    ordered = sorted(ids)
    for start in range(0, len(ordered), _REPORTS_AT_A_TIME):
        part = ordered[start : start + _REPORTS_AT_A_TIME]
        reports = read_told(connection, part)
        rules, zone = _rules(connection, reports)
        for told in reports:
            left_out += give_times(told)
        first = [intake(told) for told in reports]
        steps = []
        for told, state in zip(reports, first, strict=True):
            taken, refused = sequence(told, state)
            left_out += refused
            if told.ruled:
                taken = sorted(
                    [*taken, *(replace(step) for step in recomputed.get(told.id, ()))], key=lambda step: step.at
                )
            steps.append(taken)
        if rules:
            _give_terms(rules, zone, reports, first, steps)
        retold = [
            Retold(told.id, taken, course(told, state, taken))
            for told, state, taken in zip(reports, first, steps, strict=True)
        ]
        changed += write_retold(connection, retold, at)
    return changed, left_out


def _rules(connection: psycopg.Connection, reports: list[Told]) -> tuple[Rules | None, ZoneInfo]:
    """Return the rules, if one of the reports has a deadline by rule, and the city's time zone."""
    (zone,) = connection.execute("select time_zone from city").fetchone() or ("UTC",)
    if not any(told.ruled for told in reports):
        return None, ZoneInfo(zone)
    return Rules.from_database(connection, WorkingTime.from_database(connection)), ZoneInfo(zone)


def _give_terms(rules: Rules, zone: ZoneInfo, reports: list[Told], first: list[State], steps: list[list[Step]]) -> None:
    """Work out the deadlines of the reports that have a rule."""
    ruled = [n for n, told in enumerate(reports) if told.ruled]
    work_out_terms(rules, zone, [reports[n] for n in ruled], [first[n] for n in ruled], [steps[n] for n in ruled])
