"""Who is behind, and how far."""

from typing import Literal

import pandas as pd

from queries.database import ReportDatabase
from queries.figures import moments, names
from queries.filters import Filters

FEWEST_OPEN = 5
"""With fewer open cases a share says nothing; the unit is listed but not ranked (DOMAIN: fair ranking)."""


def overdue(reports: ReportDatabase, filters: Filters, *, by: Literal["unit", "district"]) -> pd.DataFrame:
    """Return how far behind each unit or district with an open report is; reports without one are left out.

    Columns: key, code, name_vi, name_en, kind, open, overdue, seriously_overdue (reports), overdue_share (0 to 1),
    oldest_hours (how long its oldest overdue case has been overdue; null: none is) and oldest_code, worst_category_id
    and worst_category_overdue (the category with most overdue reports, and how many; null and 0: none is), and place:
    1 is the highest overdue share, equal shares have equal places; null with fewer than FEWEST_OPEN open reports.
    The furthest behind come first, those without a place last. Raises DatabaseAway.
    """
    answer = reports.ask("overdue", **(filters.parameters() | moments(reports, filters) | {"by": by}))
    table = answer.dropna(subset="key").astype({"key": "int64"})
    table = table.merge(names(reports, by)[["code", "name_vi", "name_en", "kind"]], left_on="key", right_index=True)
    oldest = pd.to_datetime(table["oldest_due_at"], utc=True)
    table["oldest_hours"] = (pd.Timestamp(filters.at) - oldest).dt.total_seconds() / 3600
    table["overdue_share"] = table["overdue"] / table["open"]
    return placed(table.drop(columns="oldest_due_at"))


def placed(table: pd.DataFrame) -> pd.DataFrame:
    """Return some of the rows of `overdue` with the places they have among themselves."""
    shares = table["overdue_share"].where(table["open"] >= FEWEST_OPEN)
    table = table.assign(place=shares.rank(method="min", ascending=False))
    return table.sort_values(
        ["place", "overdue", "open", "code"], ascending=[True, False, False, True], ignore_index=True
    )
