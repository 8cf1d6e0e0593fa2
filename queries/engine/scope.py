"""Whose cases a viewer may read: named here and signed by `queries/engine/signature.py`.

The database enforces it (reportdb/schema/baseline/18_access.sql).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    """What the database lets an asker see: the role asked as, and the ids of the units whose cases it may read.

    `counts_all` tells that all counts are told as they are, also of cases it may not read (queries.small_numbers).
    """

    role: str
    units: tuple[int, ...] = ()
    counts_all: bool = False

    @property
    def setting(self) -> str:
        """What report.scope names while a question is answered, before it is signed."""
        return "all" if self.reads_all else "{" + ",".join(str(int(unit)) for unit in self.units) + "}"

    @property
    def reads_all(self) -> bool:
        """Whether it may read every case."""
        return self.role in {"report_leader", "report_admin"}

    @property
    def within_units(self) -> bool:
        """Whether row-level security holds it to the cases of its units, few or none."""
        return self.role == "report_official"

    @property
    def own(self) -> tuple[int, ...] | None:
        """The units it is held to, if only to none, as queries/*.sql name them; None where it reads all."""
        return self.units if self.within_units else None

    @property
    def sees_cases(self) -> bool:
        """Whether there is any case it could read."""
        return self.setting != "{}"

    @property
    def counts_exactly(self) -> bool:
        """Whether there are any counts that it is told as they are (queries.small_numbers)."""
        return self.counts_all or self.sees_cases


AGGREGATES_ONLY = Scope("report_reader", counts_all=True)
"""Who counts: every report, but no case's words, code, place or officer. Exact counts are asked as this role."""
ALL_CASES = Scope("report_leader")
"""Every case, with what identifies a person masked in its words."""
NOTHING = Scope("report_official")
"""No case at all, and only counts of which no case can be told: a viewer's."""
FIGURES = Scope("report_official", counts_all=True)
"""No case at all, and every count: the command line's, and the walls' of the city's leadership."""
ADMINISTRATION = Scope("report_admin")
"""Every case, and the access log and the accounts."""
GATE = Scope("report_gate")
"""Who may come in, and the pen of the access log."""


def handed_up_by(units: tuple[int, ...]) -> Scope:
    """Return the scope of what these units (ids) handed up to a higher level."""
    return Scope("report_escalator", tuple(sorted(units)))


def cases_of(units: tuple[int, ...]) -> Scope:
    """Return the scope of who answers for these units (ids)."""
    return Scope("report_official", tuple(sorted(units)))
