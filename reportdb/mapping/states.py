"""How a source tells the state of a report: by words, by times, or by both."""

from dataclasses import dataclass

from reportdb.mapping.table import Table
from reportdb.mapping.words import STATUSES

BY_TIMES = "times"
"""For a blank or an unknown status word: what the times of the row say."""


@dataclass(frozen=True)
class StateRules:
    """What decides where status and times say different things, or where one of them is missing."""

    time_wins: bool = False  # a closing time closes a report whose status is open
    end_is_change: bool = False  # a closed report without a closing time was closed when it last changed
    blank: str | None = None  # a status, or BY_TIMES; None: the row is rejected
    unlisted: str | None = None  # likewise, for a word that the mapping does not know


def read_state_rules(table: Table) -> StateRules:
    """Read `[state]`. Raises ImportFailure."""
    said = (*STATUSES, BY_TIMES, "reject")
    blank, unlisted = table.choice("blank", said, "reject"), table.choice("unlisted", said, "reject")
    return StateRules(
        time_wins=table.choice("wins", ("status", "time"), "status") == "time",
        end_is_change=table.choice("closed_without_time", ("unknown", "changed"), "unknown") == "changed",
        blank=None if blank == "reject" else blank,
        unlisted=None if unlisted == "reject" else unlisted,
    )
