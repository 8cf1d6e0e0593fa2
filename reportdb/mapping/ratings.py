"""Where a source writes how citizens rated the work on their reports, and what they were told."""

from collections.abc import Mapping as Words
from dataclasses import dataclass, field

from reportdb.mapping.moments import Moment, read_moment
from reportdb.mapping.table import Table
from reportdb.mapping.words import read_meanings

RATINGS = ("satisfied", "acceptable", "not_satisfied")


@dataclass(frozen=True)
class Rated:
    """The columns of a rating, its time and an answer, and what the words of a rating mean."""

    column: str | None = None
    words: Words[str, str] = field(default_factory=dict)
    at: Moment | None = None
    answer: tuple[str, ...] = ()

    def columns(self) -> list[str]:
        """Return every column that is read."""
        return [*([self.column] if self.column else []), *(self.at.columns if self.at else ()), *self.answer]


UNRATED = Rated()
"""A source that tells neither ratings nor answers."""


def read_rated(columns: Table, times: Table, words: Table) -> Rated:
    """Read the keys of `[columns]` and `[times]`, and `[ratings]`. Raises ImportFailure."""
    return Rated(
        column=columns.optional("rating"),
        words=read_meanings(words, RATINGS),
        at=read_moment(times.table("rated")) if "rated" in times else None,
        answer=columns.list("answer"),
    )
