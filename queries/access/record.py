"""The access log of exports and opened cases, and each account's volume."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from queries.engine.database import ReportDatabase
from queries.engine.scope import ADMINISTRATION, GATE

CASE, FILE = "case", "file"
"""The access log's actions for an opened case and a file of cases."""


@dataclass(frozen=True)
class Volume:
    """How many different cases an account opened, and how many it exported, in the last hour and day."""

    subject: str
    opened_hour: int
    opened_day: int
    exported_hour: int
    exported_day: int


def export_begun(reports: ReportDatabase, who: str, *, kind: str, query: str, listed: int, why: str) -> int:
    """Log a file that is about to be made, and return its number.

    `kind` is csv or xlsx, `query` the address parameters that list the same cases, `listed` how many are requested,
    `why` their description. Raises DatabaseAway (of the kind read_only if the database is a standby),
    NotAReportDatabase.
    """
    found = reports.ask_on_record("export_begun", scope=GATE, who=who, kind=kind, query=query, listed=listed, why=why)
    return int(found["number"].iloc[0])


def export_ended(reports: ReportDatabase, number: int, who: str, *, sent: int, whole: bool) -> None:
    """Complete a file's log entry: how many cases were sent, and whether it is complete.

    Raises DatabaseAway, NotAReportDatabase.
    """
    reports.ask_on_record("export_ended", scope=GATE, id=number, who=who, sent=sent, whole=whole)


def volumes(reports: ReportDatabase, at: datetime) -> list[Volume]:
    """Return how many cases each account opened and exported in the hour and the day before a moment.

    Raises DatabaseAway, NotAReportDatabase.
    """
    found = reports.ask_now("access_volume", scope=ADMINISTRATION, at=at)
    return [_volume(row) for row in found.to_dict("records")]


def _volume(row: Mapping[Any, Any]) -> Volume:
    counts = {name: int(row[name]) for name in ("opened_hour", "opened_day", "exported_hour", "exported_day")}
    return Volume(str(row["subject"]), **counts)
