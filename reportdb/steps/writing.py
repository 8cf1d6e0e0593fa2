"""Writes what reports became by their steps: the report, its earlier versions and its events, where they differ."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from reportdb.steps.step import RECOMPUTED, State, Step
from reportdb.steps.told import columns_of
from reportdb.steps.versions import Course, Version

_STATE = (
    "category_id", "severity", "unit_id", "rule_id", "receive_due_at", "due_at", "received_at", "status",
    "escalated_at", "escalated_by_id", "ended_at", "ended_known", "rating", "rated_at", "reopen_count",
    "transfer_count",
)  # fmt: skip
"""What a report shares with its earlier versions, those that not every database has yet included."""
_LASTING = ("channel_id", "district_id", "ward_id", "submitted_at")
_EVENT = ("at", "kind", "from_unit_id", "to_unit_id", "note", "minutes")

# What was open on the days before differs from the submission on. Two images of the report that cancel out in every
# other count, as the trigger note_late_history writes them.
_NOTE = """
insert into report_change (sign, report_id, open_differs_from, {columns})
select sign, id, submitted_at, {columns}
from report cross join (values (-1), (1)) as image (sign) where id = any(%s)
"""


@dataclass(frozen=True)
class Retold:
    """A report with its steps in order, and what they make of it."""

    id: int
    steps: Sequence[Step]
    course: Course


def write_retold(connection: psycopg.Connection, reports: Sequence[Retold], at: datetime) -> int:
    """Write the reports that differ from the database, as updated at `at`; return how many did."""
    return _Writer(connection, at).write(reports)


class _Writer:
    """Writes reports; `columns` are those of a state that this database has."""

    def __init__(self, connection: psycopg.Connection, at: datetime) -> None:
        self.connection, self.at = connection, at
        present = columns_of(connection, "report")
        self.columns = [name for name in _STATE if name in present]

    def write(self, reports: Sequence[Retold]) -> int:
        """Write the reports that differ, and return how many did."""
        ids = [report.id for report in reports]
        present = self._present(ids)
        lasting = self._lasting(ids)
        past = self._rows("report_past", (*_LASTING, "valid_from", "valid_to", *self.columns), "valid_to", ids)
        events = self._rows("report_event", _EVENT, "n", ids)
        changed = [
            report
            for report in reports
            if present[report.id] != (report.course.answer or present[report.id][0], self._values(report.course.now))
            or past.get(report.id, [])
            != [(*lasting[report.id], *self._version(version)) for version in report.course.past]
            or events.get(report.id, []) != [_event(step) for step in _events(report)]
        ]
        if changed:
            ids = [report.id for report in changed]
            # The report first: its triggers follow what its earlier rows say of the holder.
            self._write_reports(changed)
            self.connection.execute("delete from report_event where report_id = any(%s)", [ids])
            self.connection.execute("delete from report_past where report_id = any(%s)", [ids])
            self._copy_past(changed)
            self._copy_events(changed)
            self._note(ids)
        return len(changed)

    def _write_reports(self, reports: Sequence[Retold]) -> None:
        names = _names(("id", "answer", "updated_at", *self.columns))
        self.connection.execute(
            sql.SQL("create temporary table retold on commit drop as select {} from report limit 0").format(names)
        )
        with self.connection.cursor() as cursor:
            with cursor.copy(sql.SQL("copy retold ({}) from stdin").format(names)) as copy:
                for report in reports:
                    last = max([self.at, *(step.at for step in report.steps)])
                    copy.write_row((report.id, report.course.answer, last, *self._values(report.course.now)))
            cursor.execute(
                sql.SQL(
                    """update report set ({names}) = row ({values}), updated_at = retold.updated_at,
                           answer = coalesce(retold.answer, report.answer)
                       from retold where report.id = retold.id"""
                ).format(
                    names=_names(self.columns),
                    values=sql.SQL(", ").join(sql.Identifier("retold", name) for name in self.columns),
                )
            )
            cursor.execute("drop table retold")

    def _copy_past(self, reports: Sequence[Retold]) -> None:
        lasting = self._lasting([report.id for report in reports])
        columns = ("report_id", "now_unit_id", "now_escalated_by_id", *_LASTING, "valid_from", "valid_to")
        statement = sql.SQL("copy report_past ({}) from stdin").format(_names((*columns, *self.columns)))
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for report in reports:
                now = report.course.now
                for version in report.course.past:
                    values = (*lasting[report.id], *self._version(version))
                    copy.write_row((report.id, now.unit, now.escalated_by, *values))

    def _lasting(self, ids: Collection[int]) -> dict[int, tuple[Any, ...]]:
        """Return what each report shares with all its versions."""
        rows = self.connection.execute(
            sql.SQL("select id, {} from report where id = any(%s)").format(_names(_LASTING)), [list(ids)]
        )
        return {identity: tuple(values) for identity, *values in rows}

    def _copy_events(self, reports: Sequence[Retold]) -> None:
        columns = ("report_id", "n", *_EVENT, "now_unit_id", "now_escalated_by_id")
        statement = sql.SQL("copy report_event ({}) from stdin").format(_names(columns))
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for report in reports:
                now = report.course.now
                for n, step in enumerate(_events(report), start=1):
                    copy.write_row((report.id, n, *_event(step), now.unit, now.escalated_by))

    def _note(self, ids: Collection[int]) -> None:
        """Have what was open on earlier days counted again."""
        own = {"sign", "report_id", "open_differs_from", "noted"}
        columns = _names([name for name in columns_of(self.connection, "report_change") if name not in own])
        self.connection.execute(sql.SQL(_NOTE).format(columns=columns), [list(ids)])

    def _present(self, ids: Collection[int]) -> dict[int, tuple[str | None, tuple[Any, ...]]]:
        """Return each report's answer and state."""
        rows = self.connection.execute(
            sql.SQL("select id, answer, {} from report where id = any(%s)").format(_names(self.columns)), [list(ids)]
        )
        return {identity: (answer, tuple(state)) for identity, answer, *state in rows}

    def _rows(
        self, table: str, columns: Sequence[str], order: str, ids: Collection[int]
    ) -> dict[int, list[tuple[Any, ...]]]:
        """Return the rows of each report in a table, in order."""
        found: dict[int, list[tuple[Any, ...]]] = {}
        for identity, *row in self.connection.execute(
            sql.SQL("select report_id, {} from {} where report_id = any(%s) order by report_id, {}").format(
                _names(columns), sql.Identifier(table), sql.Identifier(order)
            ),
            [list(ids)],
        ):
            found.setdefault(identity, []).append(tuple(row))
        return found

    def _version(self, version: Version) -> tuple[Any, ...]:
        return (version.since, version.until, *self._values(version.state))

    def _values(self, state: State) -> tuple[Any, ...]:
        """Return a state in the order of `columns`."""
        values = (
            state.category, state.severity, state.unit, *state.terms, state.received_at, state.status,
            state.escalated_at, state.escalated_by, state.ended_at, state.ended_known, state.rating, state.rated_at,
            state.reopen_count, state.transfer_count,
        )  # fmt: skip
        return tuple(value for name, value in zip(_STATE, values, strict=True) if name in self.columns)


def _events(report: Retold) -> list[Step]:
    return [step for step in report.steps if step.kind != RECOMPUTED]


def _event(step: Step) -> tuple[Any, ...]:
    return (step.at, step.kind, step.from_unit, step.to_unit, step.note, step.minutes)


def _names(columns: Collection[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
