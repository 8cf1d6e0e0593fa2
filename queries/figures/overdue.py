"""Which units or districts are behind, and how far."""

from typing import Literal

import numpy as np
import pandas as pd

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.figures.backlog import mix
from queries.figures.figures import derived_times, names, standing
from queries.figures.ranking import expected, ratio
from queries.privacy.small_numbers import FEWEST, counts
from queries.registry.registry import in_table

_BEHIND = in_table("overdue")


def overdue(reports: ReportDatabase, filters: Filters, *, by: Literal["unit", "district"]) -> pd.DataFrame:
    """Return how far behind each unit or district with an open report is; reports without one are left out.

    Columns: key, code, name_vi, name_en, kind, open, overdue, seriously_overdue, receive_overdue, no_deadline
    (reports), overdue_share (0 to 1), oldest_hours (how long its oldest overdue case has been overdue; null if none)
    and oldest_code (also null if the viewer may not read that case), worst_category_id and worst_category_overdue (the
    category with most overdue reports, and how many; null and 0 if none), expected (the overdue reports predicted by
    the city's share of each category) and ratio (overdue divided by expected; null if that is too small). If the counts
    are not exact, oldest_hours (except for the viewer's own units), expected and ratio are null, and `comparable` says
    whose share may be ranked. Unordered: queries/figures/ranking.py ranks. Raises DatabaseAway.
    """
    return reports.remember(("overdue", filters, by), lambda: _overdue(reports, filters, by))


def _overdue(reports: ReportDatabase, filters: Filters, by: Literal["unit", "district"]) -> pd.DataFrame:
    answer = counts(
        reports,
        filters,
        ("behind", by),
        lambda counted: reports.ask("overdue", **(counted.parameters() | derived_times(reports, counted) | {"by": by})),
        keys={"key": by},
        columns=_BEHIND,
    )
    table = answer.dropna(subset="key").astype({"key": "int64"})
    table = table.merge(names(reports, by)[["code", "name_vi", "name_en", "kind"]], left_on="key", right_index=True)
    mixed = mix(reports, filters, by=by).dropna(subset="key")
    if not filters.exact:
        table = _without_cases(table[table["open"] > 0], mixed).assign(comparable=table["open"] >= FEWEST)
    oldest = pd.to_datetime(table["oldest_due_at"], utc=True)
    table["oldest_hours"] = (pd.Timestamp(filters.at) - oldest).dt.total_seconds() / 3600
    table["overdue_share"] = table["overdue"] / table["open"]
    ids = tuple(int(number) for number in table["oldest_id"].dropna())
    codes = reports.ask("codes", ids=ids, scope=filters.scope).set_index("id")["public_code"]
    known = table["oldest_id"].map(codes).astype(object)
    table["oldest_code"] = known.where(known.notna(), None)
    predicted = expected(mixed, _city(reports, filters))
    # Published counts lack the small ones of a mix, so nothing can be predicted.
    table["expected"] = table["key"].map(predicted).astype("float64") if filters.exact else np.nan
    table = table.assign(ratio=ratio(table)).drop(columns=["oldest_due_at", "oldest_id"])
    own = set(filters.units or filters.scope.units) & set(filters.scope.units)
    if filters.exact or by != "unit" or not own:
        return table
    mine = overdue(reports, filters.choosing(units=tuple(sorted(own))), by=by).set_index("key")
    oldest_of_own = table["key"].isin(mine.index)
    for column in ("oldest_hours", "oldest_code"):
        table[column] = table[column].where(~oldest_of_own, table["key"].map(mine[column]))
    return table


def _without_cases(table: pd.DataFrame, mixed: pd.DataFrame) -> pd.DataFrame:
    """Return published counts with the worst category, but without single cases."""
    late = mixed[mixed["overdue"] > 0].sort_values(["overdue", "category_id"], ascending=[False, True])
    worst = late.drop_duplicates("key").set_index("key")
    worst.index = worst.index.astype("int64")
    return table.assign(
        oldest_due_at=pd.Series(pd.NaT, table.index),
        oldest_id=pd.Series(pd.NA, table.index, dtype="Int64"),
        worst_category_id=table["key"].map(worst["category_id"]),
        worst_category_overdue=table["key"].map(worst["overdue"]).fillna(0).astype("int64"),
    )


def city_overdue(reports: ReportDatabase, filters: Filters) -> tuple[int, int]:
    """Return how many reports are overdue and open in the whole city, in all places and units.

    The choice of categories and channels applies. Raises DatabaseAway.
    """
    table = standing(reports, filters.citywide())
    return int(table["overdue"].sum()), int(table["open"].sum())


def _city(reports: ReportDatabase, filters: Filters) -> pd.DataFrame:
    return mix(reports, filters.citywide(), by="category")
