"""The report database's own state."""

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from queries.engine.database import ReportDatabase

MOST_WAITING = 1_000
"""Waiting changes are counted up to this number: an hour of a large city has fewer."""


@dataclass(frozen=True)
class Server:
    """PostgreSQL's version, the newest schema step, and the summary: whether it exists, the last day it holds, and how
    many changes wait to be added (questions count them meanwhile), at most MOST_WAITING. `marks`: whether each
    transaction that changes reports leaves a mark; without, changes are seen by `updated_at`.
    """

    version: str
    schema: str
    summarised: bool
    summarised_to: date | None
    changes_waiting: int
    marks: bool


def server(reports: ReportDatabase, at: datetime) -> Server:
    """Return the database's state, asked once for a moment. Raises DatabaseAway."""
    row = reports.ask("server", at=at, most=MOST_WAITING).iloc[0]
    return Server(
        version=str(row["server_version"]).split(" ", maxsplit=1)[0],
        schema=str(row["schema"] or ""),
        summarised=bool(row["summarised"]),
        summarised_to=None if pd.isna(row["summarised_to"]) else row["summarised_to"],
        changes_waiting=int(row["changes_waiting"]),
        marks=bool(row["marks"]),
    )


@dataclass(frozen=True)
class FromTheFuture:
    """Rows dated in the future: table and column, how many, the latest time, and one such report's id."""

    table: str
    column: str
    rows: int
    furthest: datetime
    report_id: int | None


def from_the_future(reports: ReportDatabase, latest: datetime) -> list[FromTheFuture]:
    """Return the rows dated later than a moment, as far as an index finds them. Raises DatabaseAway."""
    return [
        FromTheFuture(
            table=str(row["place"]),
            column=str(row["moment"]),
            rows=int(row["rows"]),
            furthest=row["furthest"].to_pydatetime(),
            report_id=None if pd.isna(row["report_id"]) else int(row["report_id"]),
        )
        for row in reports.ask("future", latest=latest).to_dict("records")
    ]
