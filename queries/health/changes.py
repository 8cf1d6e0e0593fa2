"""What was committed since the last look, in the order of commits and not by anybody's clock; and how old a copy is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from queries.engine.database import ReportDatabase


@dataclass(frozen=True)
class Mark:
    """Where a look stood in the order of commits, for the next look to compare with.

    `server` names one run of one server as primary or copy; `horizon` is the id of the oldest transaction that was
    running; `marks` counts the visible transactions with that id or a later one.
    """

    server: str
    horizon: str
    marks: int


@dataclass(frozen=True)
class Changes:
    """What one look found.

    `committed` tells whether anything was committed since the look before, `elsewhere` whether that look was at another
    server, or at the same one before it was started again or promoted: then the two cannot be compared.
    `updated_at` is the newest time at which a report says it changed, of those that have come. `known_to` is up to when
    a copy knows everything; None on a primary, and on a copy that cannot tell.
    """

    committed: bool
    elsewhere: bool
    mark: Mark
    updated_at: datetime | None
    is_copy: bool
    known_to: datetime | None


def changes(reports: ReportDatabase, now: datetime, since: Mark | None) -> Changes:
    """Return what was committed since a mark, as a look; without a mark, only what the next look compares with.

    Raises DatabaseAway, NotAReportDatabase.
    """
    row = reports.poll("changes", now=now, horizon=since.horizon if since else None).iloc[0]
    server = f"{'copy' if row['is_copy'] else 'primary'} since {row['started']}"
    elsewhere = since is not None and since.server != server
    return Changes(
        committed=since is not None and not elsewhere and int(row["marks"]) != since.marks,
        elsewhere=elsewhere,
        mark=Mark(server, str(row["next_horizon"]), int(row["next_marks"])),
        updated_at=_moment(row["updated_at"]),
        is_copy=bool(row["is_copy"]),
        known_to=_moment(row["known_to"]),
    )


def _moment(value: Any) -> datetime | None:
    return None if pd.isna(value) else value.to_pydatetime()
