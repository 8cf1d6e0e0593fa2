"""What the registry says of a figure, of a share and of a time."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["standing", "period", "all_time"]
"""Of what is open at the moment; of what happened in the period; of everything up to the moment."""
Clock = Literal["receive", "handle"]
"""The term for taking a report on, and the term for handling it."""
Moment = Literal["submitted_at", "open_until", "due_at", "receive_due_at", "rated_at"]
"""The columns of report_at that a list is ordered by."""
Table = Literal["figures", "period", "backlog", "overdue", "duties"]
"""The questions that count many figures at once: `figures`, period.sql, backlog.sql, overdue.sql and duties.sql."""
Group = Literal["urgency", "receipt", "age", "stage"]
"""The groups of columns of the backlog table. The ages, and the stages, each add up to `open`."""


Word = Literal["status", "district", "ward"]
"""The kinds of the city's own words that are counted."""


def N_(words: str) -> str:  # noqa: N802, the name gettext gives it
    """Mark English words for translation; whoever draws them passes them to `_()`."""
    return words


@dataclass(frozen=True)
class Figure:
    """One figure: a number of reports.

    `title` and `sentence` are English, to be translated where they are drawn; `heading` is the short title of a column
    whose group says the rest. `left_out` says what the figure leaves out, and why.

    A list of its cases is ordered by `ordered_by`. `tables` are the questions that count it. A figure with `sum_of` is
    not counted but added up from other figures, `less` some. `within` names the figures it is a part of: a published
    count never exceeds theirs. `remainder` marks the one figure of its group that is what the others leave of `open`.

    `clock` is the term it rests on. `signal_of` names the figure that this one, as a signal worth a second look, is a
    share of. `by_sender` marks a figure that counts for the unit that handed a report up, not for its holder.
    `flag`, `ours` and `said` tell the figures of what a city published apart (queries/figures/published.py).
    """

    name: str
    title: str
    sentence: str
    kind: Kind = "standing"
    ordered_by: Moment = "submitted_at"
    tables: tuple[Table, ...] = ()
    sum_of: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    group: Group | None = None
    remainder: bool = False
    heading: str = ""
    left_out: str = ""
    clock: Clock | None = None
    signal_of: str = ""
    by_sender: bool = False
    flag: str = ""
    ours: str = ""
    said: Word | None = None


@dataclass(frozen=True)
class Share:
    """A share: the figure `part` divided by the figure `whole`. `tabled`: the command line prints it, too."""

    name: str
    title: str
    part: str
    whole: str
    left_out: str
    clock: Clock | None = None
    tabled: bool = True


@dataclass(frozen=True)
class Time:
    """Hours from submission to the answer of the reports resolved in the period, by the calendar or in working time."""

    name: str
    left_out: str
