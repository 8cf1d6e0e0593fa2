"""A step as a source tells it, and a report as its file tells it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

ENDS = frozenset({"resolved", "refused"})
MOVES = frozenset({"routed", "transferred", "escalated", "returned"})
"""The steps that send a report to another holder, or to nobody."""

NO_TIME = datetime.max.replace(tzinfo=UTC)
"""The time of a rating or an answer that has none of its own, until its report's end is known."""

RECOMPUTED = "recomputed"
"""A deadline computed again, which is no step of the report: only a past version tells of it."""

_ORDER = (
    "submitted", "routed", "received", RECOMPUTED, "paused", "resumed", "recategorised", "extended", "informed",
    "transferred", "escalated", "returned", "answered", "resolved", "refused", "rated", "reopened",
)  # fmt: skip
RANK = {kind: rank for rank, kind in enumerate(_ORDER)}
"""The order of steps that happened at one time, where the source does not say it."""


class Terms(NamedTuple):
    """A report's rule and its two deadlines; None: unknown."""

    rule: int | None
    receive_due_at: datetime | None
    due_at: datetime | None


@dataclass(slots=True)
class Step:
    """A step of a report: the columns of imported_step. Times are in UTC."""

    at: datetime
    kind: str
    place: int | None = None
    from_unit: int | None = None
    to_unit: int | None = None
    note: str | None = None
    minutes: int | None = None
    due_at: datetime | None = None
    due_before: datetime | None = None
    category: int | None = None
    severity: str | None = None
    category_before: int | None = None
    severity_before: str | None = None
    rating: str | None = None
    terms: Terms | None = None  # from this step on: of a recomputed deadline, and worked out for reports with a rule

    def order(self) -> tuple[object, ...]:
        """Return what steps are sorted by: their time, the source's order, the kind's; the last parts make it total."""
        return (
            self.at, self.kind != "submitted", self.place is None, self.place or 0, RANK[self.kind],
            self.from_unit or 0, self.to_unit or 0,
        )  # fmt: skip


@dataclass(slots=True)
class Told:
    """A report as its file tells it, and whether a rule gave its deadlines (`ruled`), else its source."""

    id: int
    submitted_at: datetime
    category: int
    severity: str
    unit: int | None
    received_at: datetime | None
    due_at: datetime | None
    status: str
    ended_at: datetime | None
    ended_known: bool
    reopen_count: int
    transfer_count: int
    receive_due_at: datetime | None
    ruled: bool
    rule: int | None  # at the submission, or now if no earlier version tells (`rule_is_first` is false)
    rule_is_first: bool
    steps: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class State:
    """What a report is at some time: the columns that report and report_past share and that steps change."""

    category: int
    severity: str
    unit: int | None
    terms: Terms
    received_at: datetime | None = None
    status: str = "waiting"
    escalated_at: datetime | None = None
    escalated_by: int | None = None
    ended_at: datetime | None = None
    ended_known: bool = True
    rating: str | None = None
    rated_at: datetime | None = None
    reopen_count: int = 0
    transfer_count: int = 0
