"""What the city itself published about its reports, beside our own figures: its late flag, its status, its areas."""

from typing import Literal, get_args

import pandas as pd
from rich.table import Table

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.small_numbers import counts

Kind = Literal["late", "status", "district", "ward"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What a city can publish about a report."""
SAID: dict[str, Kind] = {"published_status": "status", "published_district": "district", "published_ward": "ward"}
"""The figures that count one of the city's own words, `Filters.said`, and what kind of word that is."""
RARE = "…"
"""Stands for the city's words that fewer than five reports bear: they may tell of one citizen (16_published.sql)."""
FLAGS = {"late": "published_late", "in_time": "published_in_time", "unsaid": "published_unsaid"}
"""What the city's own flag says of a report, and the figure that counts it."""
OURS = {"late": "ours_late", "in_time": "ours_in_time", "no_deadline": "ours_no_deadline"}
"""How we find a report the city published, at a moment, and the figure that counts it."""
CROSSED = {
    ("late", "late"): "published_late_ours_late",
    ("late", "in_time"): "published_late_ours_in_time",
    ("late", "no_deadline"): "published_late_ours_no_deadline",
    ("in_time", "late"): "published_in_time_ours_late",
    ("in_time", "in_time"): "published_in_time_ours_in_time",
    ("in_time", "no_deadline"): "published_in_time_ours_no_deadline",
    ("unsaid", "late"): "published_unsaid_ours_late",
    ("unsaid", "in_time"): "published_unsaid_ours_in_time",
    ("unsaid", "no_deadline"): "published_unsaid_ours_no_deadline",
}
"""The figure that counts each pair of the city's flag and ours."""


def kinds(reports: ReportDatabase) -> frozenset[Kind]:
    """Return what the city published about any report at all; nothing in a city that publishes nothing.

    Raises DatabaseAway.
    """
    known = set(reports.ask("published_kinds")["kind"])
    return frozenset(kind for kind in KINDS if kind in known)


def flags(reports: ReportDatabase, filters: Filters) -> pd.DataFrame:
    """Return the city's late flag beside ours, of the reports received in the period: a row for each pair that is.

    Columns: flag (of FLAGS), ours (of OURS), reports, and by_rule: how many of them are due by a rule, not by a time
    the city gave. Raises DatabaseAway.
    """

    def asked(counted: Filters) -> pd.DataFrame:
        """Count them."""
        answer = reports.ask("published", **counted.parameters())
        flag = answer["published_late"].map({True: "late", False: "in_time"}).fillna("unsaid")
        return answer.assign(flag=flag)[["flag", "ours", "reports", "by_rule"]]

    keys = {"flag": "flag", "ours": "ours"}
    return counts(reports, filters, "flags", asked, keys=keys, columns=("reports", "by_rule"))


def crossed(table: pd.DataFrame) -> pd.DataFrame:
    """Return `flags` as a table of counts: a row for each of FLAGS, a column for each of OURS."""
    wide = table.pivot_table("reports", "flag", "ours", aggfunc="sum", fill_value=0)
    return wide.reindex(index=list(FLAGS), columns=list(OURS), fill_value=0).astype("int64")


def published_words(reports: ReportDatabase, filters: Filters) -> pd.DataFrame:
    """Return how many of the reports received in the period bear each of the city's own words, the most first.

    Columns: kind (status, district, ward), said ('' where the city gave none, RARE for all that are rare), reports.
    Raises DatabaseAway.
    """
    answer = counts(
        reports,
        filters,
        "published words",
        lambda counted: reports.ask("published_words", **counted.parameters()),
        keys={"kind": "kind", "said": "said"},
        columns=["reports"],
    )
    return answer.sort_values(["kind", "reports", "said"], ascending=[True, False, True], ignore_index=True)


def as_rich_table(table: pd.DataFrame) -> Table:
    """Return `crossed` for a terminal."""
    printed = Table(show_edge=False, pad_edge=False)
    printed.add_column("published by the city")
    for name in OURS:
        printed.add_column(f"ours: {name}", justify="right")
    for flag, row in table.iterrows():
        printed.add_row(str(flag), *(f"{row[name]:,}" for name in OURS))
    return printed
