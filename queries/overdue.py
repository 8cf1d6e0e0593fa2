"""Who is behind, and how far."""

from typing import Literal

import pandas as pd

from queries.backlog import mix
from queries.database import ReportDatabase
from queries.figures import moments, names
from queries.filters import Filters
from queries.ranking import expected, ratio


def overdue(reports: ReportDatabase, filters: Filters, *, by: Literal["unit", "district"]) -> pd.DataFrame:
    """Return how far behind each unit or district with an open report is; reports without one are left out.

    Columns: key, code, name_vi, name_en, kind, open, overdue, seriously_overdue, receive_overdue, no_deadline
    (reports), overdue_share (0 to 1), oldest_hours (how long its oldest overdue case has been overdue; null: none is)
    and oldest_code (null too where the viewer may not read that case), worst_category_id and worst_category_overdue
    (the category with most overdue reports, and how many; null and 0: none is), expected (how many overdue the city's
    share of each category predicts for what it holds) and ratio (overdue divided by that; null where it is too small to
    divide by). In no order: queries/ranking.py ranks.
    Raises DatabaseAway.
    """
    return reports.remember(("overdue", filters, by), lambda: _overdue(reports, filters, by))


def _overdue(reports: ReportDatabase, filters: Filters, by: Literal["unit", "district"]) -> pd.DataFrame:
    answer = reports.ask("overdue", **(filters.parameters() | moments(reports, filters) | {"by": by}))
    table = answer.dropna(subset="key").astype({"key": "int64"})
    table = table.merge(names(reports, by)[["code", "name_vi", "name_en", "kind"]], left_on="key", right_index=True)
    oldest = pd.to_datetime(table["oldest_due_at"], utc=True)
    table["oldest_hours"] = (pd.Timestamp(filters.at) - oldest).dt.total_seconds() / 3600
    table["overdue_share"] = table["overdue"] / table["open"]
    ids = tuple(int(number) for number in table["oldest_id"].dropna())
    codes = reports.ask("codes", ids=ids, scope=filters.scope).set_index("id")["public_code"]
    known = table["oldest_id"].map(codes).astype(object)
    table["oldest_code"] = known.where(known.notna(), None)
    predicted = expected(mix(reports, filters, by=by).dropna(subset="key"), _city(reports, filters))
    table["expected"] = table["key"].map(predicted).astype("float64")
    return table.assign(ratio=ratio(table)).drop(columns=["oldest_due_at", "oldest_id"])


def city_overdue(reports: ReportDatabase, filters: Filters) -> tuple[int, int]:
    """Return how many reports are overdue in the whole city, and how many open, wherever and with whom they are.

    The choice of categories and channels holds. Raises DatabaseAway.
    """
    table = _city(reports, filters)
    return int(table["overdue"].sum()), int(table["open"].sum())


def _city(reports: ReportDatabase, filters: Filters) -> pd.DataFrame:
    return mix(reports, filters.citywide(), by="category")
