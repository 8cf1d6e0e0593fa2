"""The units that are furthest behind, and those to learn from."""

from typing import Any

import pandas as pd

from queries.overdue import FEWEST_OPEN, overdue
from ui.filters import carried
from ui.pages import CASES, UNIT
from ui.panel import address, shared_panel
from ui.viewing import Viewing
from ui.words import _, name, number, percent

_SHOWN = 5


def best(table: pd.DataFrame) -> pd.DataFrame:
    """Return the units with the lowest overdue shares (rows of queries.overdue), none of the furthest behind."""
    rest = table.dropna(subset="place").iloc[_SHOWN:]
    return rest.sort_values(["overdue_share", "open", "code"], ascending=[True, False, True]).head(_SHOWN)


def worst_and_best(seen: Viewing, *, key: str) -> None:
    """Draw the five units furthest behind and the five best, each as overdue of open."""
    shared_panel(seen, "leaders", key=key, make=lambda: _worst_and_best(seen))


def _worst_and_best(seen: Viewing) -> dict[str, Any]:
    table = overdue(seen.reports, seen.filters, by="unit")
    parts = [(_("Furthest behind"), table.dropna(subset="place").head(_SHOWN)), (_("Doing best"), best(table))]
    return {
        "title": _("Which units are late?"),
        "about": _("Overdue of open reports, units with at least {count} open", count=FEWEST_OPEN),
        "nothing": _("No unit has enough open reports to compare."),
        "parts": [{"title": title, "rows": rows(seen, table)} for title, table in parts if not table.empty],
    }


def rows(seen: Viewing, table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return units (rows of queries.overdue) with the ways to their pages and to their overdue cases."""
    choices = carried(seen)
    return [
        {
            "name": name(row),
            "code": row["code"],
            "name_href": address(UNIT, **choices | {"unit": row["code"]}),
            "href": address(CASES, **choices | {"figure": "overdue", "unit": row["code"]}),
            "count": row["overdue"],
            "raw": f"{number(row['overdue'])}/{number(row['open'])}",
            "share": percent(row["overdue"], row["open"]),
            "width": round(row["overdue_share"] * 100, 1),
        }
        for row in table.to_dict("records")
    ]
