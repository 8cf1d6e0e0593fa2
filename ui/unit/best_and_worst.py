"""The units furthest behind, and the best ones."""

from dataclasses import dataclass

import pandas as pd

from queries.figures.overdue import overdue
from queries.figures.ranking import ranked
from ui.address.links import address, carried
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import _, name, number, percent
from ui.base.page_paths import CASES, UNIT
from ui.base.run import Run
from ui.figures.count import Count
from ui.figures.unconfirmed import Mark, mark
from ui.unit.intervals import Drawn, Legend, Scale, scale

_SHOWN = 5


@dataclass(frozen=True)
class Leader:
    """A unit with the way to its page, and its overdue of open reports as "13/17"."""

    name: str
    code: str
    name_href: str
    overdue: Count
    share: str
    drawn: Drawn


@dataclass(frozen=True)
class Part:
    """Units at one end of the ranking."""

    title: str
    rows: list[Leader]


@dataclass(frozen=True)
class Leaders(View):
    """Both ends of the ranking, as unit/leaders.html draws them."""

    title: str
    mark: Mark | None
    about: str
    nothing: str
    scale: Legend
    parts: list[Part]


def best(table: pd.DataFrame) -> pd.DataFrame:
    """Return the last units of a ranking (queries.ranking), the best first, without those furthest behind.

    A unit without a deadline on any open report cannot be on time, so it is left out.
    """
    rest = table.dropna(subset="place").iloc[_SHOWN:]
    rest = rest[rest["no_deadline"] < rest["open"]]
    return rest.sort_values(["place", "open", "code"], ascending=[False, False, True]).head(_SHOWN)


def worst_and_best(run: Run, *, key: str) -> None:
    """Draw the five units furthest behind and the five best of the fair ranking, each as overdue of open."""
    shared_panel(run, "leaders", key=key, make=lambda: _worst_and_best(run))


def _worst_and_best(run: Run) -> Leaders:
    table = ranked(overdue(run.reports, run.filters, by="unit"))
    worst, good = table.dropna(subset="place").head(_SHOWN), best(table)
    drawn_on = scale(run, pd.concat([worst, good]))
    parts = [(_("Furthest behind"), worst), (_("Doing best"), good)]
    return Leaders(
        title=_("Which units are late?"),
        mark=mark(run),
        about=_(
            "Fair ranking by the adjusted share of overdue in open reports; units with at least {count} open",
            count=run.fewest_open,
        ),
        nothing=_("No unit has enough open reports to compare."),
        scale=drawn_on.legend,
        parts=[Part(title, rows(run, table, drawn_on)) for title, table in parts if not table.empty],
    )


def rows(run: Run, table: pd.DataFrame, drawn_on: Scale) -> list[Leader]:
    """Return units (rows of queries.ranking) with links to their pages and their overdue cases."""
    choices = carried(run)
    return [
        Leader(
            name=name(row),
            code=row["code"],
            name_href=address(UNIT, **choices | {"unit": row["code"]}),
            overdue=Count(
                "overdue",
                int(row["overdue"]),
                address(CASES, **choices | {"figure": "overdue", "unit": row["code"]}),
                f"{number(row['overdue'])}/{number(row['open'])}",
            ),
            share=percent(row["overdue"], row["open"]),
            drawn=drawn_on.drawn(row),
        )
        for row in table.to_dict("records")
    ]
