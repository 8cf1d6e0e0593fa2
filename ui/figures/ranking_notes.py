"""The fair ranking's definitions, for the page of definitions."""

from queries.cases.cases import case_count
from ui.base.html_panel import shared_panel
from ui.base.i18n import _, number, percent
from ui.base.run import Run
from ui.figures.count import count_of
from ui.figures.definitions import Definitions, Group, Measure
from ui.figures.unconfirmed import mark


def meaning_of_ranking(run: Run) -> None:
    """Draw the definitions of the ranking's columns. Raises DatabaseAway."""
    shared_panel(run, "definitions", key="ranking", make=lambda: Definitions([_group(run)]))


def _group(run: Run) -> Group:
    counts = {figure: case_count(run.reports, run.filters, figure=figure) for figure in ("overdue", "open")}
    overdue, opened = (count_of(run, figure, count) for figure, count in counts.items())
    sure = mark(run)
    return Group(
        _("Fair ranking"),
        _(
            "Units are ranked by their adjusted share. The plain share and its counts always stand beside it; a switch "
            "shows the ranking by plain share, and whose place differs."
        ),
        [
            Measure(
                _("Adjusted share"),
                _(
                    "The overdue share of a unit, shrunk toward the average of the units compared: the "
                    "fewer reports it holds, the more. It is the mean of a beta-binomial model fitted to "
                    "these units; the bar is the interval in which the true share lies with 90% "
                    "probability. A change is called better or worse if it is at least 95% probable."
                ),
                (overdue, opened),
                value=percent(overdue.count, opened.count),
                of=_("overdue of open, all units together"),
                left_out=_(
                    "Units with fewer than {count} open reports are listed but not ranked: their share says little.",
                    count=number(run.fewest_open),
                ),
                mark=sure,
            ),
            Measure(
                _("Against the city's category mix"),
                _(
                    "A unit's overdue reports divided by the number that the city's overdue share of "
                    "each category predicts for what the unit holds. Above 1 it is later than its "
                    "categories explain."
                ),
                (overdue,),
                formula=_("overdue ÷ the sum over categories of (open × the city's overdue share)"),
                left_out=_("Units for which less than one overdue report is predicted: too few to divide by."),
                mark=sure,
            ),
        ],
    )
