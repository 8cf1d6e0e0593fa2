"""What the report database says of itself."""

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from queries.engine.database import ReportDatabase

MOST_WAITING = 1_000
"""So many waiting changes are counted, and no more: an hour of a large city has fewer."""


@dataclass(frozen=True)
class Server:
    """PostgreSQL's version, the newest step of the schema, and the summary: whether there is one, the last day whose
    end it holds, and how many changes of reports wait to be brought in (questions count them meanwhile): MOST_WAITING
    stands for so many or more. `marks` tells whether each transaction that changes reports leaves a mark; without,
    changes are seen by their `updated_at`.
    """

    version: str
    schema: str
    summarised: bool
    summarised_to: date | None
    changes_waiting: int
    marks: bool


def server(reports: ReportDatabase, at: datetime) -> Server:
    """Return what the database says of itself, asked once for a moment. Raises DatabaseAway."""
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
    """Rows dated in the future: of which table and column, how many, the furthest moment, and one such report's id."""

    table: str
    column: str
    rows: int
    furthest: datetime
    report_id: int | None


def from_the_future(reports: ReportDatabase, latest: datetime) -> list[FromTheFuture]:
    """Return what is dated later than a moment, as far as an index finds it. Raises DatabaseAway."""
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
