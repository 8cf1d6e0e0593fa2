"""The city's own published data on its reports beside our figures: its late flag, its status, its areas."""

from typing import Literal, get_args

import pandas as pd
from rich.table import Table

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.privacy.small_numbers import counts
from queries.registry.registry import FIGURES

Kind = Literal["late", "status", "district", "ward"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""The kinds of data that a city can publish about a report."""
SAID = {figure.name: figure.said for figure in FIGURES.values() if figure.said}
"""The figures that count one of the city's own words, `Filters.said`, and the kind of word."""
RARE = "…"
"""Stands for the city's words that fewer than five reports have: they could identify a citizen (16_published.sql)."""
FLAGS = {figure.flag: figure.name for figure in FIGURES.values() if figure.flag and not figure.ours}
"""The city's own flag of a report, and the figure that counts it."""
OURS = {figure.ours: figure.name for figure in FIGURES.values() if figure.ours and not figure.flag}
"""Our finding for a report that the city published, at a moment, and the figure that counts it."""
CROSSED = {(figure.flag, figure.ours): figure.name for figure in FIGURES.values() if figure.flag and figure.ours}
"""The figure for each pair of the city's flag and our finding."""


def kinds(reports: ReportDatabase) -> frozenset[Kind]:
    """Return the kinds of data that the city published about any report; empty if it publishes nothing.

    Raises DatabaseAway.
    """
    known = set(reports.ask("published_kinds")["kind"])
    return frozenset(kind for kind in KINDS if kind in known)


def flags(reports: ReportDatabase, filters: Filters) -> pd.DataFrame:
    """Return the city's late flag by our finding, for the reports received in the period: a row for each pair.

    Columns: flag (of FLAGS), ours (of OURS), reports, and by_rule: how many have a deadline from a rule instead of a
    time given by the city. Raises DatabaseAway.
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
    """Return how many of the reports received in the period have each of the city's own words, the most frequent first.

    Columns: kind (status, district, ward), said ('' if the city gave none, RARE for all rare ones), reports.
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
