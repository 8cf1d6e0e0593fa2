"""One unit: its people, its ratings, and the units before and after it."""

import pandas as pd

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import NOTHING
from queries.engine.small_numbers import counts
from queries.figures.figures import derived_times, reading_order
from queries.figures.period import period_counts
from queries.registry.registry import SUMS, in_table

_DUTIES = in_table("duties")


def officers(reports: ReportDatabase, filters: Filters) -> pd.DataFrame:
    """Return what each officer answers for at the moment, those with most overdue first, then with most open.

    Columns: officer (null: nobody is assigned), open, overdue (reports). Raises DatabaseAway.
    """
    answer = reports.ask("officers", **filters.case_parameters())
    answer = answer.assign(officer=answer["officer"].astype(object).where(answer["officer"].notna(), None))
    by_name = answer.iloc[sorted(range(len(answer)), key=lambda row: reading_order(answer["officer"].iloc[row] or ""))]
    return by_name.sort_values(["overdue", "open"], ascending=False, kind="stable", ignore_index=True)


def duties(reports: ReportDatabase, filters: Filters) -> dict[str, int]:
    """Return what waits for the head of the units chosen: due_today, new_here, by_transfer, sent_back (reports).

    Raises DatabaseAway.
    """
    table = counts(
        reports,
        filters,
        "duties",
        lambda counted: reports.ask("duties", **counted.parameters() | derived_times(reports, counted)),
        columns=_DUTIES,
    )
    return {name: int(table[name].iloc[0]) for name in _DUTIES}


def heads(reports: ReportDatabase, filters: Filters) -> dict[int, dict[str, str]]:
    """Return who heads each unit (by its key) on the moment's day: name, title_vi, title_en. Raises DatabaseAway."""
    day = filters.at.astimezone(filters.zone).date()
    answer = reports.ask("unit_heads", day=day, scope=NOTHING)  # not of a wall's role
    return {
        int(row["unit_id"]): {word: str(row[word]) for word in ("name", "title_vi", "title_en")}
        for row in answer.drop_duplicates("unit_id").to_dict("records")
    }


def ratings(reports: ReportDatabase, filters: Filters) -> dict[str, int]:
    """Return how citizens rated in the period: rated, rated_satisfied, rated_acceptable, rated_not_satisfied.

    Raises DatabaseAway.
    """
    row = period_counts(reports, filters).iloc[0]
    return {name: int(row[name]) for name in ("rated", *SUMS["rated"].sum_of)}


def family(reports: ReportDatabase, unit: int) -> pd.DataFrame:
    """Return a unit (by its key), those whose work it took over and those that took over its own.

    Columns: role (itself, predecessor, successor), id, code, name_vi, name_en, kind, area_id, parent_id, valid_from,
    valid_to (dates; valid_to is the first day it no longer holds). Raises DatabaseAway.
    """
    return reports.ask("unit_family", unit=unit)
