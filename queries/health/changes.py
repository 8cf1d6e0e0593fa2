"""What was committed since the last poll, by commit order instead of clocks; and how old a standby is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from queries.engine.database import ReportDatabase


@dataclass(frozen=True)
class Mark:
    """A poll's position in the order of commits, for the next poll.

    `server` identifies one run of one server as primary or standby; `horizon` is the id of the oldest running
    transaction; `marks` counts the visible transactions with that id or a later one.
    """

    server: str
    horizon: str
    marks: int


@dataclass(frozen=True)
class Changes:
    """The result of one poll.

    `committed`: whether anything was committed since the last poll. `elsewhere`: whether the last poll was at another
    server, or at the same one before a restart or promotion, so that the two cannot be compared. `updated_at`: the
    newest change time of a report that is not in the future. `known_to`: up to when a standby's data are complete; None
    on a primary, and on a standby that cannot tell.
    """

    committed: bool
    elsewhere: bool
    mark: Mark
    updated_at: datetime | None
    is_copy: bool
    known_to: datetime | None


def changes(reports: ReportDatabase, now: datetime, since: Mark | None) -> Changes:
    """Return what was committed since a mark, as a poll; without a mark, only the position for the next poll.

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
