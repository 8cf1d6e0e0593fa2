"""The state of a row's report: what its words say, weighed against its times."""

from datetime import datetime
from typing import NamedTuple

from reportdb.mapping.mapping import Mapping
from reportdb.mapping.states import BY_TIMES
from reportdb.rows.row import Fields, Rejected, shown
from reportdb.rows.times import Times
from reportdb.spelling import one_spelling

_CLOSED = frozenset(("resolved", "refused"))


class State(NamedTuple):
    """A report's status and its end."""

    status: str
    ended: datetime | None  # in UTC; not None exactly if the status is resolved or refused
    ended_known: bool  # False: closed, and nobody wrote when
    word: str  # the source's own word; "" if there is none


class StateReader:
    """Reads the state of the row that `fields` holds."""

    def __init__(self, mapping: Mapping, fields: Fields) -> None:
        self._mapping, self._fields = mapping, fields
        self._columns, self._rules = mapping.status, mapping.state

    def read(self, times: Times) -> State:
        """Return the state of a row with these times. Raises Rejected for a status that the mapping does not know."""
        columns, value = self._columns, self._fields.value
        first = value(columns[0]) if columns else None
        word = self._fields.joined(columns, " ") if len(columns) > 1 else first
        said = self.meaning(word, first) if columns else BY_TIMES
        return self.settle(status_by_times(times) if said == BY_TIMES else said, times, word or "")

    def meaning(self, word: str | None, first: str | None) -> str:
        """Return the status that a word means, or BY_TIMES. Raises Rejected.

        `word` is that of all status columns, `first` that of the first one alone: it decides if the mapping does not
        know the other.
        """
        name, rules = " and ".join(self._columns), self._rules
        if word is None:
            if rules.blank is None:
                raise Rejected(f"{name} is blank", f"{name} is blank")
            return rules.blank
        statuses = self._mapping.statuses
        status = statuses.get(one_spelling(word)) or (statuses.get(one_spelling(first)) if first else None)
        if status is not None:
            return status
        if rules.unlisted is None:
            raise Rejected(f"{name} {shown(word)} is not in the mapping", f"unknown word in {name}")
        self._fields.note(f"{name} is not in the mapping", self._columns[0])
        return rules.unlisted

    def settle(self, status: str, times: Times, word: str) -> State:
        """Return the state that status and times give together; what is dropped is noted."""
        ended = times.ended
        if status not in _CLOSED:
            if ended is None:
                return State(status, None, True, word)
            if not self._rules.time_wins:
                self._fields.note("open, yet with a closing time", self._mapping.ended[0].columns[0])
                return State(status, None, True, word)
            status = "resolved"
        if ended is not None:
            return State(status, ended, True, word)
        known = self._rules.end_is_change and times.changed_in_order is not None
        return State(status, times.changed_in_order or times.submitted, known, word)


def status_by_times(times: Times) -> str:
    """Return the status of a row that has no word for it."""
    return "resolved" if times.ended or times.end_filled else "in_progress" if times.received else "waiting"


def read_count(fields: Fields, column: str | None) -> int | None:
    """Return a whole number from 0 to 32,767, or None; what is none is noted."""
    words = fields.value(column)
    if column is None or words is None:
        return None
    whole, _, decimals = words.partition(".")
    if whole.isascii() and whole.isdecimal() and len(whole) < 6 and not decimals.strip("0") and int(whole) < 32768:
        return int(whole)
    fields.note(f"{column} is no count", column)
    return None
