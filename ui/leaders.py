"""The units that are furthest behind, and those to learn from."""

from typing import Any

import pandas as pd

from queries.figures import figures
from ui.filters import carried
from ui.pages import CASES
from ui.panel import address, panel
from ui.viewing import Viewing
from ui.words import _, name, number, percent

FEWEST_OPEN = 5
"""With fewer open cases a share says nothing; the unit is listed elsewhere but not ranked (DOMAIN: fair ranking)."""
_SHOWN = 5


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Return the units with enough open cases, the furthest behind first, with `overdue_share` (0 to 1)."""
    enough = table[table["open"] >= FEWEST_OPEN].dropna(subset="code")
    shares = enough.assign(overdue_share=enough["overdue"] / enough["open"])
    return shares.sort_values(["overdue_share", "overdue", "code"], ascending=[False, False, True], ignore_index=True)


def worst_and_best(seen: Viewing, *, key: str) -> None:
    """Draw the five units furthest behind and the five best, each as overdue of open."""
    table = ranked(figures(seen.reports, seen.filters, by="unit"))
    worst = table.head(_SHOWN)
    best = table.iloc[_SHOWN:].sort_values(["overdue_share", "open"], ascending=[True, False]).head(_SHOWN)
    parts = [(_("Furthest behind"), worst), (_("Doing best"), best)]
    panel(
        "leaders",
        key=key,
        title=_("Which units are late?"),
        about=_("Overdue of open reports, units with at least {count} open", count=FEWEST_OPEN),
        nothing=_("No unit has enough open reports to compare."),
        parts=[{"title": title, "rows": _rows(seen, rows)} for title, rows in parts if not rows.empty],
    )


def _rows(seen: Viewing, table: pd.DataFrame) -> list[dict[str, Any]]:
    choices = carried(seen)
    return [
        {
            "name": name(row),
            "code": row["code"],
            "name_href": address(CASES, **choices | {"figure": "open", "unit": row["code"]}),
            "href": address(CASES, **choices | {"figure": "overdue", "unit": row["code"]}),
            "raw": f"{number(row['overdue'])}/{number(row['open'])}",
            "share": percent(row["overdue"], row["open"]),
            "width": round(row["overdue_share"] * 100, 1),
        }
        for row in table.to_dict("records")
    ]
