"""The backlog: open reports by urgency, age and stage, and their change."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from queries.engine.database import ReportDatabase
from queries.engine.filters import NONE, Filters
from queries.figures.figures import Dimension, derived_times, names, standing
from queries.figures.keyed import counts_of, join_tables, keyed, keys_of, lookup
from queries.figures.period import period_counts
from queries.privacy.small_numbers import counts
from queries.registry.registry import FIGURES, in_group, in_table

URGENCIES = in_group("urgency")
RECEIPTS = in_group("receipt")
AGES = in_group("age")
STAGES = in_group("stage")
PACE_DAYS = 28
"""Whole weeks, so that every weekday has the same weight in the pace."""
_FLOWS = ("received", "ended", "resolved")
_WAITING = in_table("backlog")


def backlog(reports: ReportDatabase, filters: Filters, *, since: datetime, by: Dimension | None = None) -> pd.DataFrame:
    """Return the backlog at the moment: one row in all, or one for each member of a dimension with any reports.

    Columns: key (null: reports without one), code, name_vi, name_en if there is a dimension; URGENCIES, RECEIPTS, AGES
    and STAGES (reports open at the moment; ages and stages each add up to `open`); received, ended and resolved
    (reports, from `since` to the moment); open_before (reports open just before `since`); resolved_of_pace (reports
    resolved in the last PACE_DAYS); oldest (when the oldest open report was submitted, in the city's zone; null if the
    viewer may not read it); days_of_work (open divided by the mean number resolved a day in the last PACE_DAYS; null if
    none). Raises DatabaseAway.
    """
    asked = filters.counting()
    return reports.remember(("backlog", asked, since, by), lambda: _backlog(reports, asked, since, by))


def _backlog(reports: ReportDatabase, filters: Filters, since: datetime, by: Dimension | None) -> pd.DataFrame:
    lately, pace = filters.since(since), filters.since(filters.at - timedelta(days=PACE_DAYS))
    then = replace(filters, at=since - timedelta(microseconds=1))
    waiting = counts(
        reports,
        filters,
        ("waiting", by),
        lambda counted: _waiting(reports, counted, by),
        keys={"key": by},
        columns=_WAITING,
    )
    oldest = waiting["oldest"] if "oldest" in waiting else pd.Series(pd.NaT, waiting.index)
    before = standing(reports, then, by=by)
    table = join_tables(
        [
            *([keyed(np.array([NONE]), np.empty((1, 0), "int64"), ())] if by is None else []),  # at least one row
            waiting[["key", *_WAITING]],
            period_counts(reports, lately, by=by)[["key", *_FLOWS]],
            period_counts(reports, pace, by=by)[["key", "resolved"]].rename(columns={"resolved": "resolved_of_pace"}),
            before[["key", "open"]].rename(columns={"open": "open_before"}),
        ]
    )
    keys = keys_of(table)
    oldest = lookup(keys, pd.DataFrame({"oldest": oldest}).set_axis(keys_of(waiting)), ["oldest"])["oldest"]
    table["oldest"] = pd.to_datetime(oldest, utc=True).dt.tz_convert(filters.zone)
    pace_a_day = table["resolved_of_pace"].where(table["resolved_of_pace"] > 0) / PACE_DAYS
    table["days_of_work"] = table["open"] / pace_a_day
    if by is not None:
        table[["code", "name_vi", "name_en"]] = lookup(keys, names(reports, by), ("code", "name_vi", "name_en"))
    return table


def _waiting(reports: ReportDatabase, filters: Filters, by: Dimension | None) -> pd.DataFrame:
    """Return _WAITING and `oldest` by key: the last age and the middle stage are the rest of `open`."""
    table = reports.ask("backlog", **filters.parameters() | derived_times(reports, filters) | {"by": by})
    for parts in (AGES, STAGES):
        others = [name for name in parts if not FIGURES[name].remainder]
        (remainder,) = set(parts) - set(others)
        table[remainder] = table["open"].to_numpy() - counts_of(table, others).sum(axis=1)
    return table


def mix(reports: ReportDatabase, filters: Filters, *, by: Dimension) -> pd.DataFrame:
    """Return the open reports by category for each member of a dimension.

    Columns: key (null: none), category_id, open, overdue (reports). Raises DatabaseAway.
    """
    answer = counts(
        reports,
        filters,
        ("mix", by),
        lambda counted: reports.ask("backlog_mix", **counted.parameters(), by=by),
        keys={"key": by, "category_id": "category"},
        columns=("open", "overdue"),
    )
    return answer.assign(key=answer["key"].astype("Int64"))
