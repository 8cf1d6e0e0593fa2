"""What a figure is compared with: like with like (docs/change.md)."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil

from queries.engine.database import ReportDatabase
from queries.engine.filters import TICK, Filters
from queries.figures.figures import STANDING, standing
from queries.figures.period import period_counts
from queries.registry.registry import FIGURES, PERIOD_COUNTS, SUMS

_FEW_WEEKS = 28  # days: longer periods are rounded to whole weeks


@dataclass(frozen=True)
class Earlier:
    """The filters that a moment's figures are compared with; None if the city's data begin later.

    `standing` is the moment for standing figures, `weeks` before; `period` the equally long period for a period's
    figures, `days` before. Both have the same choices.
    """

    standing: Filters | None
    period: Filters | None
    weeks: int
    days: int

    def of(self, figure: str) -> Filters | None:
        """Return the filters that a figure is compared with."""
        return self.period if FIGURES[figure].kind == "period" else self.standing

    def counts(self, reports: ReportDatabase) -> dict[str, int]:
        """Return the comparable earlier figures. Raises DatabaseAway."""
        found: dict[str, int] = {}
        if self.period is not None:
            row = period_counts(reports, self.period).iloc[0]
            found |= {name: int(row[name]) for name in (*PERIOD_COUNTS, *SUMS)}
        if self.standing is not None:
            table = standing(reports, self.standing)
            found |= {name: int(table[name].sum()) for name in STANDING}
        return found


def earlier(filters: Filters, begins: datetime | None) -> Earlier:
    """Return what these filters' figures are compared with, in a city whose data begin at a moment (None: no data).

    Standing figures: the same weekday and local time a whole number of weeks before. Below four weeks that is the
    number that covers the period, above it the nearest one, so that a month is four weeks, a quarter 13 and a year 52.
    Figures of a period: the equally long period directly before, ending at the same hour. Local times count, also
    across clock changes. Nothing is compared with times before the data begin.
    """
    start, end = (moment.astimezone(filters.zone).replace(tzinfo=None) for moment in (filters.start, filters.end))
    days = max(1, ceil((end - start) / timedelta(days=1)))
    weeks = round(days / 7) if days >= _FEW_WEEKS else ceil(days / 7)
    if begins is None or filters.start <= begins:
        return Earlier(None, None, weeks, days)
    standing, period = _before(filters, 7 * weeks), _before(filters, days)
    return Earlier(standing if begins <= standing.at else None, period if begins <= period.start else None, weeks, days)


def _before(filters: Filters, days: int) -> Filters:
    """Return a moment and its period so many days earlier, at the same local times."""

    def earlier_by(moment: datetime) -> datetime:
        """Return the same local time `days` earlier: a day is a calendar day, also when clocks change."""
        local = moment.astimezone(filters.zone)
        return (local.replace(tzinfo=None) - timedelta(days=days)).replace(tzinfo=filters.zone).astimezone(UTC)

    at = earlier_by(filters.at)
    end = at + TICK if filters.end > filters.at else min(earlier_by(filters.end), at + TICK)
    return replace(filters, at=at, start=min(earlier_by(filters.start), end), end=end)
