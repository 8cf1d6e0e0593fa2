"""The registry: every figure, share and time by name, and the selections of them that questions count.

A new figure is one entry here and one definition of the same name in `queries/engine/definitions.sql`.
"""

from queries.registry.figure import N_, Figure, Group, Share, Table, Time
from queries.registry.period_figures import ARRIVALS, PERIOD_FIGURES
from queries.registry.published_figures import PUBLISHED_FIGURES
from queries.registry.standing_figures import STANDING_FIGURES

FIGURES = {figure.name: figure for figure in (*ARRIVALS, *STANDING_FIGURES, *PERIOD_FIGURES, *PUBLISHED_FIGURES)}
"""Every figure by name, in the order in which tables and the command line show them."""

SHARES = {
    share.name: share
    for share in (
        Share(
            "overdue_share",
            N_("Overdue share"),
            "overdue",
            "open",
            N_("Nothing: every open report is in the denominator, those without a deadline too."),
            clock="handle",
        ),
        Share(
            "on_time_rate",
            N_("On-time rate"),
            "done_by_due",
            "fell_due",
            N_(
                "Reports refused by their deadline: they are in neither number, and the refusal rate is "
                "shown beside it. Open reports past their deadline are in the denominator, so that leaving "
                "work undone cannot improve the rate."
            ),
            clock="handle",
        ),
        Share(
            "receive_overdue_share",
            N_("Not taken on in time"),
            "receive_overdue",
            "not_received",
            N_("Reports whose source gives no term to take them on. A transfer restarts this term for the next unit."),
            clock="receive",
        ),
        Share(
            "received_on_time_rate",
            N_("Taken on in time"),
            "received_on_time",
            "receive_fell_due",
            N_("Reports not yet due to be taken on. Those still waiting past that time are in the denominator."),
            clock="receive",
        ),
        Share(
            "closed_on_time_share",
            N_("Closed on time"),
            "resolved_on_time",
            "resolved_with_deadline",
            N_(
                "The city's older figure, for comparison: closed on time ÷ closed. It leaves out everything still "
                "open, however late, so leaving work undone makes it look better."
            ),
            clock="handle",
        ),
        Share("refused_share", N_("Refusal rate"), "refused", "ended", N_("What is still open.")),
        Share(
            "satisfaction",
            N_("Satisfaction"),
            "satisfied",
            "rated",
            N_("Reports without a rating: the share that was rated is shown beside it."),
        ),
        Share(
            "rated_share",
            N_("Rated of resolved"),
            "rated",
            "resolved",
            N_("A rating counts when it was given, even if the answer is from before the period."),
            tabled=False,
        ),
        Share(
            "reopened_share",
            N_("Reopened of received"),
            "reopened",
            "received",
            N_("Reports received before the period, whenever they were opened again."),
            tabled=False,
        ),
    )
}
"""Every share by name. closed_on_time_share is the city's older figure, kept for comparison."""

_NO_MEAN = N_("Refused and open reports. Never a mean: a few very old cases would hide all others.")
_NO_TENTH = N_("Refused and open reports. One resolved report in ten took longer.")
TIMES = {
    time.name: time
    for time in (
        Time("median_hours", _NO_MEAN),
        Time("p90_hours", _NO_TENTH),
        Time("median_worked_hours", _NO_MEAN),
        Time("p90_worked_hours", _NO_TENTH),
    )
}
"""Median and 90th percentile by name, by the calendar and in working time."""

PERIOD_COUNTS = tuple(name for name, figure in FIGURES.items() if "period" in figure.tables)
"""What is counted of a period, by the summary or from the reports."""
SUMS = {name: figure for name, figure in FIGURES.items() if figure.sum_of}
"""What follows from those counts by addition and subtraction."""


def _depth(name: str) -> int:
    """Return how many figures a figure is a part of, one within the other."""
    return max((1 + _depth(whole) for whole in FIGURES[name].within), default=0)


PARTS = tuple(
    sorted(
        ((name, whole) for name, figure in FIGURES.items() for whole in figure.within),
        key=lambda pair: _depth(pair[1]),
    )
)
"""Parts and their wholes; a whole that is itself a part comes first as a part."""


def in_table(table: Table) -> tuple[str, ...]:
    """Return the names of the figures that a question counts."""
    return tuple(name for name, figure in FIGURES.items() if table in figure.tables)


def standing_in(table: str) -> tuple[Figure, ...]:
    """Return the figures of what is open that a question counts. Raises KeyError for a table without any."""
    found = tuple(figure for figure in FIGURES.values() if table in figure.tables and figure.kind == "standing")
    if not found:
        raise KeyError(table)
    return found


def in_group(group: Group) -> tuple[str, ...]:
    """Return the names of the columns of a group of the backlog table."""
    return tuple(name for name, figure in FIGURES.items() if figure.group == group)
