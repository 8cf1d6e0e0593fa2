"""Reports read from the database, so that their steps can continue, and written back."""

from datetime import UTC
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from reportdb.deadlines.history import read_history
from reportdb.deadlines.rules import SEVERITIES
from reportdb.demo.intake import Cases
from reportdb.demo.records import answers, officers
from reportdb.demo.states import STATUSES, States
from reportdb.demo.steps import RATINGS
from reportdb.demo_city.city import City

Ints = NDArray[np.int64]

# Times are in UTC without a zone, because numpy has none.
_RECALL = """
select report.id, category_id, severity, coalesce(ward_id, 0) as ward_id, routed.to_unit_id as first_unit, channel_id,
    coalesce(district_id, 0) as district_id, coalesce(unit_id, 0) as unit_id,
    coalesce(escalated_by_id, 0) as escalated_by_id, received_at at time zone 'UTC' as received_at,
    receive_due_at at time zone 'UTC' as receive_due_at, due_at at time zone 'UTC' as due_at, status,
    coalesce(rule_id, 0) as rule_id,
    escalated_at at time zone 'UTC' as escalated_at, ended_at at time zone 'UTC' as ended_at, rating,
    rated_at at time zone 'UTC' as rated_at, reopen_count, transfer_count,
    deadline_moved_at at time zone 'UTC' as deadline_moved_at,
    reopened_soon_at at time zone 'UTC' as reopened_soon_at,
    coalesce((select max(valid_to) from report_past where report_id = report.id), submitted_at)
        at time zone 'UTC' as since,
    (select max(n) from report_event where report_id = report.id) as done,
    (select max(at) from report_event where report_id = report.id) at time zone 'UTC' as last_step,
    coalesce((select kind from report_event where report_id = report.id
        and kind in ('paused', 'resumed', 'resolved', 'refused', 'reopened') order by n desc limit 1) = 'paused', false)
        as paused
from report
join report_event routed on routed.report_id = report.id and routed.n = 2 and routed.kind = 'routed'
where report.id = any(%s)
order by report.id
"""

_REMEMBER = """
update report
set unit_id = nullif(reached.unit_id, 0), escalated_by_id = nullif(reached.escalated_by_id, 0),
    category_id = reached.category_id, severity = reached.severity,
    rule_id = nullif(reached.rule_id, 0), officer = reached.officer, status = reached.status, answer = reached.answer,
    rating = reached.rating, reopen_count = reached.reopen_count, transfer_count = reached.transfer_count,
    received_at = reached.received_at, receive_due_at = reached.receive_due_at, due_at = reached.due_at,
    escalated_at = reached.escalated_at, ended_at = reached.ended_at, rated_at = reached.rated_at,
    updated_at = reached.updated_at
from unnest(
    cast(%(id)s as bigint[]), cast(%(unit_id)s as integer[]), cast(%(officer)s as text[]), cast(%(status)s as text[]),
    cast(%(answer)s as text[]), cast(%(rating)s as text[]), cast(%(reopen_count)s as smallint[]),
    cast(%(transfer_count)s as smallint[]), cast(%(received_at)s as timestamptz[]),
    cast(%(receive_due_at)s as timestamptz[]), cast(%(due_at)s as timestamptz[]),
    cast(%(escalated_at)s as timestamptz[]), cast(%(ended_at)s as timestamptz[]),
    cast(%(rated_at)s as timestamptz[]), cast(%(updated_at)s as timestamptz[]), cast(%(category_id)s as smallint[]),
    cast(%(severity)s as text[]), cast(%(rule_id)s as integer[]), cast(%(escalated_by_id)s as integer[])
) as reached (id, unit_id, officer, status, answer, rating, reopen_count, transfer_count, received_at, receive_due_at,
              due_at, escalated_at, ended_at, rated_at, updated_at, category_id, severity, rule_id, escalated_by_id)
where report.id = reached.id
"""


class Recalled:
    """The reports with some ids, ordered by id: only those that the demo or the simulation made.

    `channel` holds indexes into the city's channels, `district_id` is 0 if there is none.
    """

    def __init__(self, connection: psycopg.Connection, city: City, ids: Ints) -> None:
        cursor = connection.execute(_RECALL, [ids.tolist()])
        names = [column.name for column in cursor.description or ()]
        rows = cursor.fetchall()
        raw: dict[str, list[Any]] = {name: [row[n] for row in rows] for n, name in enumerate(names)}

        def numbers(name: str) -> Ints:
            """Return a column of whole numbers."""
            return np.array(raw[name], dtype=np.int64)

        def moments(name: str) -> NDArray[np.datetime64]:
            """Return a column of times, in microseconds."""
            return np.array(raw[name], dtype="datetime64[us]")

        def places(name: str, known: list[Any]) -> Ints:
            """Return the index of each value of a column in a list of known ones."""
            return np.array([known.index(value) for value in raw[name]], dtype=np.int64)

        history = read_history(connection, city.rules, numbers("id"))
        terms = history.as_recorded(city.rules)
        # The past stays as it was, even if a rule or the calendar has been edited since.
        terms.rule = city.rules.place(numbers("rule_id"))
        terms.receive_due_at, terms.due_at = moments("receive_due_at"), moments("due_at")
        categories = {identity: n for n, identity in enumerate(city.category_ids.tolist())}
        self.cases = Cases(
            id=history.ids,
            submitted_at=history.submitted_at,
            category=np.array([categories[identity] for identity in history.category_id.tolist()], dtype=np.int64),
            severity=history.severity,
            ward_id=numbers("ward_id"),
            unit=numbers("first_unit"),
            rule=history.rule,
        )
        self.channel = places("channel_id", city.channel_ids.tolist())
        self.district_id = numbers("district_id")
        self.states = States(
            unit=numbers("unit_id"),
            category=places("category_id", city.category_ids.tolist()),
            severity=places("severity", list(SEVERITIES)),
            terms=terms,
            received_at=moments("received_at"),
            paused=np.array(raw["paused"], dtype=bool),
            status=places("status", list(STATUSES)),
            escalated_at=moments("escalated_at"),
            escalated_by=numbers("escalated_by_id"),
            ended_at=moments("ended_at"),
            rating=np.array([-1 if word is None else RATINGS.index(word) for word in raw["rating"]], dtype=np.int64),
            rated_at=moments("rated_at"),
            reopen_count=numbers("reopen_count"),
            transfer_count=numbers("transfer_count"),
            updated_at=np.maximum(moments("last_step"), moments("since")),
            since=moments("since"),
            done=numbers("done"),
            deadline_moved_at=moments("deadline_moved_at"),
            reopened_soon_at=moments("reopened_soon_at"),
        )

    def write_states(self, connection: psycopg.Connection, city: City) -> None:
        """Write the reports' new states."""
        states = self.states
        values: dict[str, list[Any]] = {
            "id": self.cases.id.tolist(),
            "unit_id": states.unit.tolist(),
            "escalated_by_id": states.escalated_by.tolist(),
            "category_id": city.category_ids[states.category].tolist(),
            "severity": [SEVERITIES[n] for n in states.severity.tolist()],
            "rule_id": city.rules.ids[states.terms.rule].tolist(),
            "officer": officers(city, self.cases, states).tolist(),
            "status": [STATUSES[n] for n in states.status.tolist()],
            "answer": answers(city, self.cases, states).tolist(),
            "rating": [None if n < 0 else RATINGS[n] for n in states.rating.tolist()],
            "reopen_count": states.reopen_count.tolist(),
            "transfer_count": states.transfer_count.tolist(),
        }
        columns = {name: getattr(states.terms, name) for name in ("receive_due_at", "due_at")}
        for name in ("received_at", "escalated_at", "ended_at", "rated_at", "updated_at"):
            columns[name] = getattr(states, name)
        for name, column in columns.items():
            values[name] = [at and at.replace(tzinfo=UTC) for at in column.tolist()]
        connection.execute(_REMEMBER, values)
