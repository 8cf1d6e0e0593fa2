"""Whose cases a viewer may read: named here and signed by `queries/engine/signature.py`.

The database enforces it (reportdb/schema/baseline/18_access.sql).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    """What a viewer may see: the database role, and the ids of the units whose cases it may read.

    `counts_all`: all counts are exact, even of cases it may not read (queries.small_numbers).
    """

    role: str
    units: tuple[int, ...] = ()
    counts_all: bool = False

    @property
    def setting(self) -> str:
        """The value of report.scope for a question, before it is signed."""
        return "all" if self.reads_all else "{" + ",".join(str(int(unit)) for unit in self.units) + "}"

    @property
    def reads_all(self) -> bool:
        """Whether it may read every case."""
        return self.role in {"report_leader", "report_admin"}

    @property
    def within_units(self) -> bool:
        """Whether row-level security limits it to the cases of its units, possibly none."""
        return self.role == "report_official"

    @property
    def own(self) -> tuple[int, ...] | None:
        """The units it is limited to, as queries/*.sql name them; None if it reads all."""
        return self.units if self.within_units else None

    @property
    def sees_cases(self) -> bool:
        """Whether it may read any cases."""
        return self.setting != "{}"

    @property
    def counts_exactly(self) -> bool:
        """Whether it gets any exact counts (queries.small_numbers)."""
        return self.counts_all or self.sees_cases


AGGREGATES_ONLY = Scope("report_reader", counts_all=True)
"""Counts every report, but reads no case's words, code, place or officer. Exact counts are asked in this scope."""
ALL_CASES = Scope("report_leader")
"""Every case, with words that identify a person masked."""
NOTHING = Scope("report_official")
"""No cases, and only counts that reveal no single case: a viewer's scope."""
FIGURES = Scope("report_official", counts_all=True)
"""No cases, and every count: for the command line and the walls of the city's leadership."""
ADMINISTRATION = Scope("report_admin")
"""Every case, and the access log and the accounts."""
GATE = Scope("report_gate")
"""Reads accounts and writes the access log."""


def handed_up_by(units: tuple[int, ...]) -> Scope:
    """Return the scope for what these units (ids) escalated."""
    return Scope("report_escalator", tuple(sorted(units)))


def cases_of(units: tuple[int, ...]) -> Scope:
    """Return the scope of those responsible for these units (ids)."""
    return Scope("report_official", tuple(sorted(units)))
