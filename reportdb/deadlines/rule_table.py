"""Writing rules of deadlines: a new one ends the one before it, so that no two hold at one time."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

import psycopg

CLOCKS = ("working", "calendar")
_TERM = re.compile(r"(\d+(?:[.,]\d+)?)\s*(.*)", re.DOTALL)
_UNITS = {
    "hour": ("calendar", "hour"), "hours": ("calendar", "hour"), "h": ("calendar", "hour"), "giờ": ("calendar", "hour"),
    "day": ("calendar", "day"), "days": ("calendar", "day"), "ngày": ("calendar", "day"),
    "working hour": ("working", "hour"), "working hours": ("working", "hour"), "giờ làm việc": ("working", "hour"),
    "working day": ("working", "day"), "working days": ("working", "day"), "ngày làm việc": ("working", "day"),
}  # fmt: skip
_LARGEST = 10_000_000  # minutes

_FIND = """
select id from deadline_rule
where category_id is not distinct from %(category)s and severity is not distinct from %(severity)s
    and valid_from = %(valid_from)s
"""

_CORRECT = """
update deadline_rule
set (receive_minutes, handle_minutes, clock, handle_from, source, receive_confirmed, handle_confirmed) = row (
    cast(%(receive)s as integer), cast(%(handle)s as integer), %(clock)s, %(handle_from)s, %(source)s,
    %(receive_confirmed)s, %(handle_confirmed)s)
where id = %(id)s
    and (receive_minutes, handle_minutes, clock, handle_from, source, receive_confirmed, handle_confirmed)
        is distinct from (cast(%(receive)s as integer), cast(%(handle)s as integer), cast(%(clock)s as text),
            cast(%(handle_from)s as text), cast(%(source)s as text), %(receive_confirmed)s, %(handle_confirmed)s)
"""

_END_EARLIER = """
update deadline_rule set valid_to = %(valid_from)s
where category_id is not distinct from %(category)s and severity is not distinct from %(severity)s
    and valid_from < %(valid_from)s and (valid_to is null or valid_to > %(valid_from)s)
"""

_ADD = """
insert into deadline_rule (id, category_id, severity, receive_minutes, handle_minutes, clock, handle_from, source,
    receive_confirmed, handle_confirmed, valid_from, valid_to)
select coalesce(max(id), 0) + 1, %(category)s, %(severity)s, %(receive)s, %(handle)s, %(clock)s, %(handle_from)s,
    %(source)s, %(receive_confirmed)s, %(handle_confirmed)s, %(valid_from)s,
    min(valid_from) filter (where category_id is not distinct from %(category)s
        and severity is not distinct from %(severity)s and valid_from > %(valid_from)s)
from deadline_rule
"""


class TermError(Exception):
    """Words that are no term, or terms that one rule cannot hold; the message says how to write them."""


@dataclass(frozen=True)
class Term:
    """How long something may take: minutes of the working clock or of the calendar."""

    minutes: int
    clock: str


@dataclass(frozen=True)
class NewRule:
    """A rule as it is written: for a category (None: all), a severity (None: all), from a day on."""

    category_id: int | None
    severity: str | None
    receive: Term | None
    handle: Term | None
    handle_from: str  # submitted or received
    valid_from: date
    source: str
    confirmed: bool


def read_term(words: str, *, usual: str | None = None, day_minutes: int) -> Term:
    """Read a term: "4 hours", "8 working hours", "3 days", "15 working days", or the same in Vietnamese.

    `usual` is the unit of a bare number; a working day has `day_minutes` minutes. Raises TermError.
    """
    match = _TERM.fullmatch(" ".join(words.split()).casefold())
    unit = _UNITS.get((match[2] or usual or "") if match else "")
    if match is None or unit is None:
        raise TermError(f"{words!r} is no term; write 4 hours, 8 working hours, 3 days or 15 working days")
    clock, length = unit
    each = 60 if length == "hour" else day_minutes if clock == "working" else 1440
    minutes = round(float(match[1].replace(",", ".")) * each)
    if not 0 < minutes <= _LARGEST:
        raise TermError(f"{words!r} is no term of a useful length")
    return Term(minutes, clock)


def working_day_minutes(connection: psycopg.Connection, day: date) -> int:
    """Return how many minutes offices are open on a working day, by the hours in force on a day; else eight hours."""
    row = connection.execute(
        """select sum(extract(epoch from closes - opens) / 60) from office_hours
           where valid_from = (select max(valid_from) from office_hours where valid_from <= %s)""",
        [day],
    ).fetchone()
    return int(row[0]) if row and row[0] else 480


def write_rule(connection: psycopg.Connection, rule: NewRule) -> Literal["new", "updated", "unchanged"]:
    """Write a rule, and return what that did. Existing deadlines do not change.

    A rule for the same category, severity and first day is corrected. The one before it ends when this one begins, and
    this one ends when the next begins. Call it inside a transaction. Raises TermError.
    """
    terms = [term for term in (rule.receive, rule.handle) if term]
    if len({term.clock for term in terms}) != 1:
        raise TermError(
            "a rule needs a term to receive or to handle, and both by one clock: working time or the calendar"
        )
    written = {
        "category": rule.category_id,
        "severity": rule.severity,
        "receive": rule.receive and rule.receive.minutes,
        "handle": rule.handle and rule.handle.minutes,
        "clock": terms[0].clock,
        "handle_from": rule.handle_from,
        "source": rule.source,
        "receive_confirmed": rule.confirmed and rule.receive is not None,
        "handle_confirmed": rule.confirmed and rule.handle is not None,
        "valid_from": rule.valid_from,
    }
    known = connection.execute(_FIND, written).fetchone()
    if known is None:
        connection.execute(_END_EARLIER, written)
        connection.execute(_ADD, written)
        return "new"
    return "updated" if connection.execute(_CORRECT, written | {"id": known[0]}).rowcount else "unchanged"
