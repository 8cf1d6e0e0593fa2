"""One unit: its officers, its ratings, and its predecessors and successors."""

import pandas as pd

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import NOTHING
from queries.figures.figures import derived_times, reading_order
from queries.figures.period import period_counts
from queries.privacy.small_numbers import counts
from queries.registry.registry import SUMS, in_table

_DUTIES = in_table("duties")


def officers(reports: ReportDatabase, filters: Filters) -> pd.DataFrame:
    """Return each officer's open reports at the moment, most overdue first, then most open.

    Columns: officer (null: not assigned), open, overdue (reports). Raises DatabaseAway.
    """
    answer = reports.ask("officers", **filters.case_parameters())
    answer = answer.assign(officer=answer["officer"].astype(object).where(answer["officer"].notna(), None))
    by_name = answer.iloc[sorted(range(len(answer)), key=lambda row: reading_order(answer["officer"].iloc[row] or ""))]
    return by_name.sort_values(["overdue", "open"], ascending=False, kind="stable", ignore_index=True)


def duties(reports: ReportDatabase, filters: Filters) -> dict[str, int]:
    """Return what waits for the head of the chosen units: due_today, new_here, by_transfer, sent_back (reports).

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
    """Return each unit's head (by unit key) on the moment's day: name, title_vi, title_en. Raises DatabaseAway."""
    day = filters.at.astimezone(filters.zone).date()
    answer = reports.ask("unit_heads", day=day, scope=NOTHING)  # a wall's role may not ask
    return {
        int(row["unit_id"]): {word: str(row[word]) for word in ("name", "title_vi", "title_en")}
        for row in answer.drop_duplicates("unit_id").to_dict("records")
    }


def ratings(reports: ReportDatabase, filters: Filters) -> dict[str, int]:
    """Return the citizens' ratings in the period: rated, rated_satisfied, rated_acceptable, rated_not_satisfied.

    Raises DatabaseAway.
    """
    row = period_counts(reports, filters).iloc[0]
    return {name: int(row[name]) for name in ("rated", *SUMS["rated"].sum_of)}


def family(reports: ReportDatabase, unit: int) -> pd.DataFrame:
    """Return a unit (by its key), its predecessors and its successors.

    Columns: role (itself, predecessor, successor), id, code, name_vi, name_en, kind, area_id, parent_id, valid_from,
    valid_to (dates; valid_to is the first day after its end). Raises DatabaseAway.
    """
    return reports.ask("unit_family", unit=unit)
