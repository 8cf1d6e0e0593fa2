"""Recomputation of deadlines: what the present rules and calendar would make of existing reports.

A changed rule does not change existing deadlines. Only this does, and only after its result was shown.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Self

import numpy as np
import psycopg
from numpy.typing import NDArray
from rich.progress import Progress

from reportdb.deadlines.history import History, read_history
from reportdb.deadlines.rules import Ints, Moments, Rules
from reportdb.deadlines.working_time import WorkingTime

_BATCH = 20_000

_IDS = """
select id from report
where id > %(after)s and (%(ended)s or ended_at is null)
order by id limit %(limit)s
"""

_STORED = """
select coalesce(rule_id, 0), receive_due_at at time zone 'UTC', due_at at time zone 'UTC',
    case when ended_known then ended_at at time zone 'UTC' else timestamp '1900-01-01' end
from report where id = any(%s) order by id
"""

_KEEP = """
insert into report_past (report_id, valid_from, valid_to, channel_id, category_id, severity, district_id, ward_id,
    unit_id, submitted_at, received_at, receive_due_at, due_at, rule_id, status, escalated_at, escalated_by_id,
    ended_at, ended_known, rating, rated_at, reopen_count, transfer_count, now_unit_id, now_escalated_by_id)
select id, coalesce((select max(valid_to) from report_past where report_id = id), submitted_at), %(now)s, channel_id,
    category_id, severity, district_id, ward_id, unit_id, submitted_at, received_at, receive_due_at, due_at, rule_id,
    status, escalated_at, escalated_by_id, ended_at, ended_known, rating, rated_at, reopen_count, transfer_count,
    unit_id, escalated_by_id
from report where id = any(%(ids)s)
"""

_GIVE = """
update report
set rule_id = nullif(given.rule_id, 0), receive_due_at = given.receive_due_at at time zone 'UTC',
    due_at = given.due_at at time zone 'UTC', updated_at = %(now)s
from unnest(cast(%(ids)s as bigint[]), cast(%(rules)s as integer[]), cast(%(receive_due)s as timestamp[]),
    cast(%(due)s as timestamp[])) as given (id, rule_id, receive_due_at, due_at)
where report.id = given.id
"""


class OtherChanges(Exception):
    """The changes are not, or no longer, the ones that were shown; the message says what to do."""


@dataclass(frozen=True)
class Given:
    """The deadlines of reports: the rule's id (0: none), the receive and the handle deadline (NaT: unknown)."""

    rule_id: Ints
    receive_due_at: Moments
    due_at: Moments

    def take(self, rows: NDArray[np.bool_]) -> "Given":
        """Return the given rows."""
        return Given(self.rule_id[rows], self.receive_due_at[rows], self.due_at[rows])

    def joined(self, other: "Given") -> "Given":
        """Return these followed by the others."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Given(*(np.concatenate(pair) for pair in pairs))


@dataclass(frozen=True)
class Changes:
    """The reports whose deadlines would change, ordered by id, with their present and new deadlines.

    `ended_at` is when each was resolved or refused (NaT: open; 1900, so never late: at an unknown time).
    `looked_at` is the number of reports recomputed; `unknown` those left unchanged because only the source gave their
    deadline, or because an extension does not say how long.
    """

    ids: Ints
    before: Given
    after: Given
    ended_at: Moments
    looked_at: int = 0
    unknown: int = 0

    @classmethod
    def none(cls) -> Self:
        """Return no changes."""
        at = np.zeros(0, dtype="datetime64[us]")
        nothing = Given(np.zeros(0, dtype=np.int64), at, at)
        return cls(np.zeros(0, dtype=np.int64), nothing, nothing, at)

    def joined(self, other: "Changes") -> "Changes":
        """Return these changes followed by the others."""
        return Changes(
            np.concatenate([self.ids, other.ids]),
            self.before.joined(other.before),
            self.after.joined(other.after),
            np.concatenate([self.ended_at, other.ended_at]),
            self.looked_at + other.looked_at,
            self.unknown + other.unknown,
        )

    @property
    def token(self) -> str:
        """A hash of these changes: equal if and only if the same would be written."""
        digest = sha256()
        for column in (self.ids, *vars(self.before).values(), *vars(self.after).values()):
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()[:12]

    def overdue(self, at: Moments | np.datetime64) -> tuple[int, int]:
        """Return how many reports would become late at `at`, and how many would no longer be.

        Late means open past the deadline, or ended after it.
        """
        until = np.where(np.isnat(self.ended_at), at, self.ended_at)
        before, after = self.before.due_at < until, self.after.due_at < until
        return int((after & ~before).sum()), int((before & ~after).sum())


def find_changes(connection: psycopg.Connection, *, ended: bool, progress: Progress | None = None) -> Changes:
    """Return what the present rules and calendar would change; nothing is written.

    Covers open reports, and with `ended` those already ended. Raises CalendarError if the calendar is empty.
    """
    rules = Rules.from_database(connection, WorkingTime.from_database(connection))
    changes = Changes.none()
    task = progress.add_task("Deadlines", total=None) if progress else None
    after = 0
    while True:
        rows = connection.execute(_IDS, {"ended": ended, "after": after, "limit": _BATCH}).fetchall()
        if not rows:
            return changes
        ids = np.array([row[0] for row in rows], dtype=np.int64)
        after = int(ids[-1])
        changes = changes.joined(_changes_of(connection, rules, ids))
        if progress and task is not None:
            progress.update(task, completed=changes.looked_at)


def _changes_of(connection: psycopg.Connection, rules: Rules, ids: Ints) -> Changes:
    history = read_history(connection, rules, ids)
    stored = list(zip(*connection.execute(_STORED, [ids.tolist()]).fetchall(), strict=True))
    before = Given(
        np.array(stored[0], dtype=np.int64),
        np.array(stored[1], dtype="datetime64[us]"),
        np.array(stored[2], dtype="datetime64[us]"),
    )
    ended_at = np.array(stored[3], dtype="datetime64[us]")
    terms = history.by(rules)
    after = Given(rules.ids[terms.rule], terms.receive_due_at, terms.due_at)
    known = _known(history, before)
    changed = known & ~(
        (before.rule_id == after.rule_id)
        & _same(before.receive_due_at, after.receive_due_at)
        & _same(before.due_at, after.due_at)
    )
    unknown = int((~known).sum())
    return Changes(ids[changed], before.take(changed), after.take(changed), ended_at[changed], len(ids), unknown)


def _known(history: History, before: Given) -> NDArray[np.bool_]:
    """Return whose deadlines can be recomputed: not those given only by the source, or extended without minutes."""
    known = (before.rule_id > 0) | np.isnat(before.due_at)
    unnamed = (history.steps.kind == "extended") & np.isnan(history.steps.minutes)
    known[history.steps.row[unnamed]] = False
    return known


def _same(one: Moments, other: Moments) -> NDArray[np.bool_]:
    return np.asarray((one == other) | (np.isnat(one) & np.isnat(other)))


def apply_changes(
    connection: psycopg.Connection, token: str, *, now: datetime, ended: bool, progress: Progress | None = None
) -> Changes:
    """Write the changes with this token and return them; earlier versions go to report_past, ending at `now`.

    All or nothing, recomputed in the same transaction. Raises OtherChanges if the result differs from the token's, and
    psycopg.errors.SerializationFailure if reports changed meanwhile.
    """
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        changes = find_changes(connection, ended=ended, progress=progress)
        if changes.token != token:
            raise OtherChanges(
                f"The changes are not those of {token!r}. Show them again with "
                f"`deadlines recompute --dry-run{' --ended' if ended else ''}` and give the token it prints."
            )
        for start in range(0, len(changes.ids), _BATCH):
            part = slice(start, start + _BATCH)
            values = {
                "now": now,
                "ids": changes.ids[part].tolist(),
                "rules": changes.after.rule_id[part].tolist(),
                "receive_due": changes.after.receive_due_at[part].tolist(),
                "due": changes.after.due_at[part].tolist(),
            }
            connection.execute(_KEEP, values)
            connection.execute(_GIVE, values)
    return changes
