"""Deadlines worked out anew: what the rules and the calendar as they stand now would make of reports already here.

A rule changed later rewrites nothing by itself. Only this does, and only after what it would do was shown.
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
select coalesce(rule_id, 0), receive_due_at at time zone 'UTC', due_at at time zone 'UTC', ended_at at time zone 'UTC'
from report where id = any(%s) order by id
"""

_KEEP = """
insert into report_past (report_id, valid_from, valid_to, channel_id, category_id, severity, district_id, ward_id,
    unit_id, submitted_at, received_at, receive_due_at, due_at, rule_id, status, escalated_at, escalated_by_id,
    ended_at, rating, rated_at, reopen_count, transfer_count, now_unit_id, now_escalated_by_id)
select id, coalesce((select max(valid_to) from report_past where report_id = id), submitted_at), %(now)s, channel_id,
    category_id, severity, district_id, ward_id, unit_id, submitted_at, received_at, receive_due_at, due_at, rule_id,
    status, escalated_at, escalated_by_id, ended_at, rating, rated_at, reopen_count, transfer_count, unit_id,
    escalated_by_id
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
    """What would change is no longer, or never was, what was shown; the message says what to do."""


@dataclass(frozen=True)
class Given:
    """What reports are due by: the rule's id (0: none), the receive and the handle deadline (NaT: not known)."""

    rule_id: Ints
    receive_due_at: Moments
    due_at: Moments

    def take(self, rows: NDArray[np.bool_]) -> "Given":
        """Return some of them."""
        return Given(self.rule_id[rows], self.receive_due_at[rows], self.due_at[rows])

    def joined(self, other: "Given") -> "Given":
        """Return these and then the others."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Given(*(np.concatenate(pair) for pair in pairs))


@dataclass(frozen=True)
class Changes:
    """The reports whose deadlines would change, in the order of their ids, what they are due by and what they would be.

    `ended_at` says when each was resolved or refused (NaT: it is open). `looked_at` counts the reports worked out;
    `unknown` those left as they are because the source alone gave their deadline, or an extension does not say for how
    long.
    """

    ids: Ints
    before: Given
    after: Given
    ended_at: Moments
    looked_at: int = 0
    unknown: int = 0

    @classmethod
    def none(cls) -> Self:
        """Return no change."""
        at = np.zeros(0, dtype="datetime64[us]")
        nothing = Given(np.zeros(0, dtype=np.int64), at, at)
        return cls(np.zeros(0, dtype=np.int64), nothing, nothing, at)

    def joined(self, other: "Changes") -> "Changes":
        """Return these changes and then the others."""
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
        """A word for exactly these changes: the same if and only if the same would be written."""
        digest = sha256()
        for column in (self.ids, *vars(self.before).values(), *vars(self.after).values()):
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()[:12]

    def overdue(self, at: Moments | np.datetime64) -> tuple[int, int]:
        """Return how many would be late at `at` that are not, and how many no longer.

        Late is open past the deadline, or ended after it: what ended in time stays in time however long ago that was.
        """
        until = np.where(np.isnat(self.ended_at), at, self.ended_at)
        before, after = self.before.due_at < until, self.after.due_at < until
        return int((after & ~before).sum()), int((before & ~after).sum())


def find_changes(connection: psycopg.Connection, *, ended: bool, progress: Progress | None = None) -> Changes:
    """Return what the rules and the calendar as they stand now would change; nothing is written.

    Open reports, and those already ended too with `ended`. Raises CalendarError where the calendar is empty.
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
    """Say whose deadlines can be worked out: not where the source alone gave them, or extensions name no minutes."""
    known = (before.rule_id > 0) | np.isnat(before.due_at)
    unnamed = (history.steps.kind == "extended") & np.isnan(history.steps.minutes)
    known[history.steps.row[unnamed]] = False
    return known


def _same(one: Moments, other: Moments) -> NDArray[np.bool_]:
    return np.asarray((one == other) | (np.isnat(one) & np.isnat(other)))


def apply_changes(
    connection: psycopg.Connection, token: str, *, now: datetime, ended: bool, progress: Progress | None = None
) -> Changes:
    """Write the changes whose token was shown, and return them; earlier versions go to report_past, ending at `now`.

    All or nothing, and what holds is worked out again in the same transaction. Raises OtherChanges when it differs
    from what the token stands for, and psycopg.errors.SerializationFailure when reports changed meanwhile.
    """
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        changes = find_changes(connection, ended=ended, progress=progress)
        if changes.token != token:
            raise OtherChanges(
                f"What would change is not what {token!r} stands for. Look at it again with "
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
